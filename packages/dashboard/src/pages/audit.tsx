import { actorName } from "@rampart/core";
import type { AuditEntry, Page } from "@rampart/core";
import { useState } from "preact/hooks";
import { location, setQuery } from "../app/router.ts";
import { call } from "../api/call.ts";
import { useResource } from "../api/resource.ts";
import { boundTo } from "../api/session.ts";
import { useEnvironments } from "../ui/environments.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { Clock } from "../ui/time.tsx";
import { complain } from "../ui/toast.tsx";
import { Differences } from "./flag/differences.tsx";
import { changesIn } from "./flag/words.ts";

const FILTERS = ["environment", "target", "action", "actor"] as const;

/** Who changed what, when and why. */
export function AuditPage() {
  const { query } = location.value;
  const asked = new URLSearchParams({ limit: "50", order: "newest" });
  for (const name of FILTERS) {
    const value = query.get(name) ?? (name === "environment" ? boundTo() : undefined) ?? "";
    if (value !== "") asked.set(name, value);
  }
  const path = `/api/v1/audit?${asked.toString()}`;
  return (
    <>
      <div class="page-head">
        <div class="stack-tight">
          <h1>Audit</h1>
          <p class="soft">
            Each entry holds the hash of the one before. <code>rampart audit verify</code> checks the chain.
          </p>
        </div>
        {boundTo() === undefined ? (
          <a class="button" href="/api/v1/audit/export" download="rampart-audit.ndjson">
            Export
          </a>
        ) : null}
      </div>
      <Filters />
      <Entries key={path} path={path} />
    </>
  );
}

function Filters() {
  const { query } = location.value;
  const environments = useEnvironments();
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label class="field">
        <span class="label">Environment</span>
        <select
          class="input"
          value={query.get("environment") ?? boundTo() ?? ""}
          onChange={(event) => setQuery({ environment: event.currentTarget.value })}
        >
          {boundTo() === undefined ? <option value="">All</option> : null}
          {environments.map((key) => (
            <option key={key} value={key}>
              {key}
            </option>
          ))}
        </select>
      </label>
      {(["target", "action", "actor"] as const).map((name) => (
        <TextFilter key={`${name} ${query.get(name) ?? ""}`} name={name} asked={query.get(name) ?? ""} />
      ))}
    </form>
  );
}

function TextFilter({ name, asked }: { readonly name: keyof typeof LABELS; readonly asked: string }) {
  const [text, setText] = useState(asked);
  return (
    <label class="field">
      <span class="label">{LABELS[name]}</span>
      <input
        class="input"
        value={text}
        placeholder={EXAMPLES[name]}
        onInput={(event) => setText(event.currentTarget.value)}
        onChange={() => setQuery({ [name]: text.trim() })}
      />
    </label>
  );
}

const LABELS = { target: "What", action: "Action", actor: "Who" } as const;
const EXAMPLES = { target: "flag/new-search", action: "flag.killed", actor: "dev" } as const;

function Entries({ path }: { readonly path: string }) {
  const first = useResource<Page<AuditEntry>>(path, { on: ["environments", "rollouts"] });
  const [older, setOlder] = useState<readonly AuditEntry[]>([]);
  const [next, setNext] = useState<string>();
  const more = async (cursor: string): Promise<void> => {
    try {
      const page = await call<Page<AuditEntry>>("GET", `${path}&cursor=${cursor}`);
      setOlder([...older, ...page.items]);
      setNext(page.next ?? "");
    } catch (thrown) {
      complain(thrown);
    }
  };
  return (
    <Shown resource={first} lines={10}>
      {({ items, next: firstNext }) => {
        const seen = new Set(older.map(({ seq }) => seq));
        const all = [...items.filter(({ seq }) => !seen.has(seq)), ...older];
        const cursor = next ?? firstNext ?? "";
        return (
          <>
            <div class="card">
              {all.length === 0 ? (
                <Empty title="Nothing matches">
                  <p>
                    <a href="/audit">Show everything</a>
                  </p>
                </Empty>
              ) : (
                <ul class="needs">
                  {all.map((entry) => (
                    <Entry key={entry.seq} entry={entry} />
                  ))}
                </ul>
              )}
            </div>
            {cursor === "" ? null : (
              <button type="button" class="button" onClick={() => void more(cursor)}>
                Older
              </button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function Entry({ entry }: { readonly entry: AuditEntry }) {
  const { seq, at, actor, action, target, environment, reason, before, after, hash } = entry;
  return (
    <li>
      <details class="grow">
        <summary>
          <strong>{action}</strong> <code>{target}</code>
          {environment === undefined ? null : <span class="soft"> in {environment}</span>}
          {reason === undefined ? null : <span class="soft"> · {reason}</span>}
        </summary>
        <Differences changes={changesIn(before, after)} />
        <p class="small soft">
          Number {seq}, hash <code>{hash.slice(0, 16)}</code>
        </p>
        {before === undefined && after === undefined ? null : (
          <details class="small">
            <summary>As JSON</summary>
            <div class="differences">
              {before === undefined ? null : <pre aria-label="Before">{JSON.stringify(before, undefined, 2)}</pre>}
              {after === undefined ? null : <pre aria-label="After">{JSON.stringify(after, undefined, 2)}</pre>}
            </div>
          </details>
        )}
      </details>
      <span class="soft small">
        {actorName(actor)}, <Clock at={at} />
      </span>
    </li>
  );
}
