import { actorName } from "@rampart/core";
import type { AuditEntry, FlagConfigView, JsonValue, Page } from "@rampart/core";
import { call } from "../../api/call.ts";
import { refresh, useResource } from "../../api/resource.ts";
import { may } from "../../api/session.ts";
import { actionWords } from "../../ui/actor.ts";
import { Empty, Shown } from "../../ui/state.tsx";
import { Ago } from "../../ui/time.tsx";
import { attempt } from "../../ui/toast.tsx";
import { changesOf } from "./draft.ts";
import { Differences } from "./differences.tsx";
import { configPath } from "./paths.ts";
import { changesIn } from "./words.ts";

/** Fields that a restore puts back. The state of the kill switch is nobody's to restore by the way. */
const RESTORABLE = ["targets", "rules", "fallthrough", "offVariant", "clientVisible", "prerequisites"];

/** What was changed of a flag in an environment, with a way back. */
export function History({ config }: { readonly config: FlagConfigView }) {
  const { key: flag, environment } = config;
  const query = new URLSearchParams({ target: `flag/${flag}`, environment, limit: "20", order: "newest" });
  const entries = useResource<Page<AuditEntry>>(`/api/v1/audit?${query.toString()}`, {
    on: [`environment:${environment}`],
  });
  return (
    <section class="card" aria-labelledby="history">
      <div class="card-head">
        <h2 id="history">History</h2>
        <a href={`/audit?target=flag/${flag}`}>Audit</a>
      </div>
      <Shown resource={entries}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="Nothing was changed yet" />
          ) : (
            <ul class="needs history">
              {items.map((entry) => (
                <Entry key={entry.seq} entry={entry} config={config} />
              ))}
            </ul>
          )
        }
      </Shown>
    </section>
  );
}

function Entry({ entry, config }: { readonly entry: AuditEntry; readonly config: FlagConfigView }) {
  const { key: flag, environment } = config;
  const { action, at, actor, reason, before, after } = entry;
  const changes = changesIn(before, after);
  const [only] = changes;
  const back = changesOf(config, restorable(before));
  const putBack = (): void => {
    const body = { ...back, reason: `back to how it was before number ${entry.seq}` };
    attempt(
      call("PATCH", configPath(environment, flag), { body }).finally(() => refresh(configPath(environment, flag))),
      "It is as it was before that change.",
    );
  };
  return (
    <li>
      <details class="grow">
        <summary>
          <strong>{actionWords(action.replace(/^(?:flag|config)\./, ""))}</strong>
          {action === "flag.ramped" && only !== undefined ? ` ${only.was ?? ""} → ${only.is ?? ""}` : null}
          {reason === undefined ? null : <span class="soft"> · {reason}</span>}
        </summary>
        <Differences changes={changes} />
        {Object.keys(back).length > 0 && may("flags:write", environment) ? (
          <button type="button" class="button button-small" onClick={putBack}>
            Put back what was before
          </button>
        ) : null}
      </details>
      <span class="soft small">
        {actorName(actor)}, <Ago at={at} />
      </span>
    </li>
  );
}

function fieldsOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)
    : {};
}

function restorable(before: JsonValue | undefined): Readonly<Record<string, JsonValue>> {
  return Object.fromEntries(Object.entries(fieldsOf(before)).filter(([name]) => RESTORABLE.includes(name)));
}
