import type { Page, Segment, SegmentView } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../api/call.ts";
import { refresh, useResource } from "../api/resource.ts";
import { may } from "../api/session.ts";
import { CommandDialog } from "../ui/dialog.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { Ago } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";
import { useTyped } from "../ui/typed.ts";
import { replaceAt } from "./flag/draft.ts";
import { ClauseEditor } from "./flag/rules.tsx";

const PATH = "/api/v1/segments?limit=500";

/** Named sets of users, the same in every environment. */
export function SegmentsPage() {
  const segments = useResource<Page<SegmentView>>(PATH, { on: ["environments"] });
  const [edited, edit] = useState<Segment>();
  const [removed, remove] = useState<Segment>();
  const mayWrite = may("segments:write", "*");
  return (
    <>
      <div class="page-head">
        <div class="stack-tight">
          <h1>Segments</h1>
          <p class="soft">Sets of users that rules name. A change counts in every environment at once.</p>
        </div>
        {mayWrite ? (
          <button type="button" class="button button-primary" onClick={() => edit(NEW)}>
            New segment
          </button>
        ) : null}
      </div>
      <div class="card card-table">
        <Shown resource={segments}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No segment yet">
                <p>Beta testers, staff, a region: name them once, and let the rules of any flag ask for them.</p>
              </Empty>
            ) : (
              <SegmentTable segments={items} mayWrite={mayWrite} onEdit={edit} onRemove={remove} />
            )
          }
        </Shown>
      </div>
      {edited === undefined ? null : <SegmentEditor segment={edited} onClose={() => edit(undefined)} />}
      {removed === undefined ? null : (
        <CommandDialog
          title={`Delete ${removed.key}?`}
          verb="Delete"
          onClose={() => remove(undefined)}
          onConfirm={async () => {
            await call("DELETE", `/api/v1/segments/${encodeURIComponent(removed.key)}`);
            refresh("/api/v1/segments");
            say(`${removed.key} is deleted.`);
          }}
        >
          <p>It is refused while a flag's rule names it.</p>
        </CommandDialog>
      )}
    </>
  );
}

const NEW: Segment = { key: "", description: "", included: [], excluded: [], rules: [] };

interface SegmentTableProps {
  readonly segments: readonly SegmentView[];
  readonly mayWrite: boolean;
  readonly onEdit: (segment: Segment) => void;
  readonly onRemove: (segment: Segment) => void;
}

function SegmentTable({ segments, mayWrite, onEdit, onRemove }: SegmentTableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>Segment</th>
          <th class="number">Included</th>
          <th class="number">Excluded</th>
          <th class="number">Rules</th>
          <th>Changed</th>
          <th>
            <span class="visually-hidden">Commands</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {segments.map((segment) => (
          <tr key={segment.key}>
            <td>
              <strong>{segment.key}</strong>
              {segment.description === "" ? null : <div class="soft small">{segment.description}</div>}
            </td>
            <td class="number">{segment.included.length}</td>
            <td class="number">{segment.excluded.length}</td>
            <td class="number">{segment.rules.length}</td>
            <td class="nowrap">
              <Ago at={segment.updatedAt} />
            </td>
            <td class="nowrap">
              {mayWrite ? (
                <>
                  <button type="button" class="button button-small" onClick={() => onEdit(segment)}>
                    Edit<span class="visually-hidden"> {segment.key}</span>
                  </button>{" "}
                  <button type="button" class="button button-small" onClick={() => onRemove(segment)}>
                    Delete<span class="visually-hidden"> {segment.key}</span>
                  </button>
                </>
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function SegmentEditor({ segment, onClose }: { readonly segment: Segment; readonly onClose: () => void }) {
  const isNew = segment.key === "";
  const [draft, setDraft] = useState<Segment>(segment);
  const change = (fields: Partial<Segment>): void => setDraft({ ...draft, ...fields });
  const save = async (): Promise<void> => {
    const { key, description, included, excluded, rules } = draft;
    const body = { description, included, excluded, rules };
    if (isNew) await call("POST", "/api/v1/segments", { body: { key: key.trim(), ...body } });
    else await call("PATCH", `/api/v1/segments/${encodeURIComponent(key)}`, { body });
    refresh("/api/v1/segments");
    say(`${key} is saved.`);
  };
  return (
    <CommandDialog title={isNew ? "New segment" : segment.key} verb="Save" onClose={onClose} onConfirm={save}>
      {isNew ? (
        <label class="field">
          <span class="label">Key</span>
          <input class="input mono" value={draft.key} onInput={(event) => change({ key: event.currentTarget.value })} />
        </label>
      ) : null}
      <label class="field">
        <span class="label">Description</span>
        <input
          class="input"
          value={draft.description}
          onInput={(event) => change({ description: event.currentTarget.value })}
        />
      </label>
      <Ids label="Always in, one id a line" ids={draft.included} onChange={(included) => change({ included })} />
      <Ids label="Never in, one id a line" ids={draft.excluded} onChange={(excluded) => change({ excluded })} />
      <div class="stack-tight">
        <span class="label">In by rule: any of these</span>
        {draft.rules.map((rule, index) => (
          <fieldset class="rule stack-tight" key={index} aria-label={`Rule ${index + 1}`}>
            {rule.clauses.map((clause, at) => (
              <ClauseEditor
                key={at}
                label={`Rule ${index + 1}, condition ${at + 1}`}
                clause={clause}
                onChange={(changed) => {
                  const clauses = replaceAt(rule.clauses, at, changed);
                  change({ rules: replaceAt(draft.rules, index, clauses.length === 0 ? undefined : { clauses }) });
                }}
              />
            ))}
          </fieldset>
        ))}
        <button
          type="button"
          class="button button-small"
          onClick={() =>
            change({
              rules: [...draft.rules, { clauses: [{ attribute: "country", op: "in", values: [], negate: false }] }],
            })
          }
        >
          Add a rule
        </button>
      </div>
    </CommandDialog>
  );
}

function Ids({
  label,
  ids,
  onChange,
}: {
  readonly label: string;
  readonly ids: readonly string[];
  readonly onChange: (ids: readonly string[]) => void;
}) {
  const typed = useTyped(ids.join("\n"), (text) =>
    onChange(
      text
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line !== ""),
    ),
  );
  return (
    <label class="field">
      <span class="label">{label}</span>
      <textarea class="input mono" {...typed} />
    </label>
  );
}
