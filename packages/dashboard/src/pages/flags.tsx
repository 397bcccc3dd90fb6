import { plural } from "@rampart/core";
import type { FlagView, Page } from "@rampart/core";
import { useState } from "preact/hooks";
import { location, navigate, setQuery } from "../app/router.ts";
import { call } from "../api/call.ts";
import { refresh, useResource } from "../api/resource.ts";
import { may } from "../api/session.ts";
import { CommandDialog } from "../ui/dialog.tsx";
import { EnvironmentSelect, useEnvironment } from "../ui/environments.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { Badge, percent } from "../ui/status.tsx";
import { Still } from "../ui/still.tsx";
import { Ago, now } from "../ui/time.tsx";
import { staleness } from "./flag/staleness.ts";

/** All flags with what they do in one environment. */
export function FlagsPage() {
  const environment = useEnvironment();
  const flags = useResource<Page<FlagView>>("/api/v1/flags?limit=1000", { on: ["environments"] });
  const [isMaking, setMaking] = useState(false);
  const search = location.value.query.get("q") ?? "";
  return (
    <>
      <div class="page-head">
        <h1>Flags</h1>
        <div class="row">
          <EnvironmentSelect chosen={environment} />
          {may("flags:write", "*") ? (
            <button type="button" class="button button-primary" onClick={() => setMaking(true)}>
              New flag
            </button>
          ) : null}
        </div>
      </div>
      <label class="field">
        <span class="visually-hidden">Search</span>
        <input
          class="input"
          type="search"
          placeholder="Search by key, owner, tag or description"
          value={search}
          onInput={(event) => setQuery({ q: event.currentTarget.value })}
        />
      </label>
      <div class="card card-table">
        <Shown resource={flags} lines={8}>
          {({ items }) => {
            const found = items.filter((flag) => matches(flag, search));
            if (items.length === 0) return <NoFlags />;
            if (found.length === 0) {
              return (
                <Empty title={`Nothing matches “${search}”`}>
                  <p>
                    <a href="/flags">Show all {items.length}</a>
                  </p>
                </Empty>
              );
            }
            return <FlagTable flags={found} environment={environment ?? ""} />;
          }}
        </Shown>
      </div>
      {isMaking ? <NewFlag onClose={() => setMaking(false)} /> : null}
    </>
  );
}

function matches({ key, owner, tags, description }: FlagView, search: string): boolean {
  const words = search.toLowerCase().split(/\s+/);
  const text = [key, owner ?? "", description, ...tags].join(" ").toLowerCase();
  return words.every((word) => text.includes(word));
}

function NoFlags() {
  return (
    <Empty title="No flag yet">
      <p>
        <a href="/welcome">Make the first one</a>, or <code>rampart flags create new-search</code>
      </p>
    </Empty>
  );
}

/** So many are drawn at first: more than a screen holds, and few enough to be there at once. */
const ROWS_AT_FIRST = 100;

function FlagTable({ flags, environment }: { readonly flags: readonly FlagView[]; readonly environment: string }) {
  const [areAllShown, showAll] = useState(false);
  const shown = areAllShown ? flags : flags.slice(0, ROWS_AT_FIRST);
  return (
    <>
      <table>
        <thead>
          <tr>
            <th>Flag</th>
            <th>State</th>
            <th class="number">On for</th>
            <th>Rules</th>
            <th>Owner</th>
            <th>Changed</th>
            <th>Hints</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((flag) => (
            <Still key={flag.key} of={[flag, environment]}>
              {() => <FlagRow flag={flag} environment={environment} />}
            </Still>
          ))}
        </tbody>
      </table>
      {shown.length === flags.length ? null : (
        <p class="card-body row">
          <span class="soft">
            {shown.length} of {flags.length} are listed; the search looks at all.
          </span>
          <button type="button" class="button button-small" onClick={() => showAll(true)}>
            Show all
          </button>
        </p>
      )}
    </>
  );
}

function FlagRow({ flag, environment }: { readonly flag: FlagView; readonly environment: string }) {
  const state = flag.environments[environment];
  // Days are what it is about: it need not be looked at each second.
  const hints = staleness(flag, environment, now.peek());
  return (
    <tr>
      <td>
        <a href={`/flags/${flag.key}?environment=${environment}`}>{flag.key}</a>
        {flag.tags.map((tag) => (
          <span class="tag" key={tag}>
            {tag}
          </span>
        ))}
        {flag.description === "" ? null : <div class="soft small">{flag.description}</div>}
      </td>
      <td>{state === undefined ? null : <FlagState enabled={state.enabled} />}</td>
      <td class="number">
        {state?.percentage === undefined ? <span class="soft">{flag.type}</span> : percent(state.percentage)}
      </td>
      <td class="soft">{state === undefined ? "" : extras(state)}</td>
      <td>{flag.owner ?? ""}</td>
      <td class="nowrap">
        <Ago at={flag.updatedAt} />
      </td>
      <td>
        {hints.map((hint) => (
          <Badge key={hint} tone="warn" mark="◷">
            {hint}
          </Badge>
        ))}
      </td>
    </tr>
  );
}

/** Whether a flag is killed. */
export function FlagState({ enabled }: { readonly enabled: boolean }) {
  return enabled ? (
    <Badge tone="good" mark="●">
      live
    </Badge>
  ) : (
    <Badge tone="bad" mark="■">
      killed
    </Badge>
  );
}

function extras({ rules, targets }: { readonly rules: number; readonly targets: number }): string {
  const parts = [rules === 0 ? "" : plural(rules, "rule"), targets === 0 ? "" : plural(targets, "target")];
  return parts.filter((part) => part !== "").join(", ");
}

function NewFlag({ onClose }: { readonly onClose: () => void }) {
  const [key, setKey] = useState("");
  const [description, setDescription] = useState("");
  const [owner, setOwner] = useState("");
  return (
    <CommandDialog
      title="New flag"
      verb="Create"
      onClose={onClose}
      onConfirm={async () => {
        const body = {
          key: key.trim(),
          description: description.trim(),
          ...(owner.trim() === "" ? {} : { owner: owner.trim() }),
        };
        await call<FlagView>("POST", "/api/v1/flags", { body });
        refresh("/api/v1/flags");
        navigate(`/flags/${body.key}`);
      }}
    >
      <p class="soft">
        A boolean flag that is off for everybody. Other types are made with the command line or the API.
      </p>
      <label class="field">
        <span class="label">Key</span>
        <input
          class="input mono"
          value={key}
          placeholder="new-search"
          maxLength={128}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span class="label">Description</span>
        <input class="input" value={description} onInput={(event) => setDescription(event.currentTarget.value)} />
      </label>
      <label class="field">
        <span class="label">Owner</span>
        <input
          class="input"
          value={owner}
          placeholder="search-team"
          onInput={(event) => setOwner(event.currentTarget.value)}
        />
      </label>
    </CommandDialog>
  );
}
