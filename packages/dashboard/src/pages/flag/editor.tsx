import type { FlagConfigView, FlagView } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../../api/call.ts";
import { put, refresh } from "../../api/resource.ts";
import { type Failure, failureOf } from "../../api/problem.ts";
import { FailureNotice } from "../../ui/state.tsx";
import { say } from "../../ui/toast.tsx";
import { changesOf, type Draft, draftOf } from "./draft.ts";
import { configPath } from "./paths.ts";
import { Rules } from "./rules.tsx";
import { ServeField } from "./serve-field.tsx";
import { Targets } from "./targets.tsx";

export interface EditorProps {
  readonly flag: FlagView;
  readonly config: FlagConfigView;
  readonly mayWrite: boolean;
}

/** Changes who gets what. What was typed is kept when somebody else was faster: the server says what differs. */
export function Editor({ flag, config, mayWrite }: EditorProps) {
  const [edited, setEdited] = useState<{ readonly of: FlagConfigView; readonly draft: Draft }>();
  const [reason, setReason] = useState("");
  const [failure, setFailure] = useState<Failure>();
  const draft = edited?.draft ?? draftOf(config);
  const base = edited?.of ?? config;
  const changes = changesOf(base, draft);
  const isChanged = Object.keys(changes).length > 0;
  const isBoolean = flag.type === "boolean";
  const variants = Object.keys(flag.variants);
  const change = (fields: Partial<Draft>): void =>
    setEdited((before) => ({ of: base, draft: { ...(before?.draft ?? draft), ...fields } }));
  const save = async (): Promise<void> => {
    try {
      const path = configPath(config.environment, flag.key);
      const body = { ...changes, ...(reason.trim() === "" ? {} : { reason: reason.trim() }) };
      put(path, await call<FlagConfigView>("PATCH", path, { body, headers: { "if-match": `"${base.revision}"` } }));
      setEdited(undefined);
      setReason("");
      setFailure(undefined);
      refresh("/api/v1/flags");
      say("Saved.");
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  return (
    <section class="card" aria-labelledby="rules">
      <div class="card-head">
        <h2 id="rules">Who gets what</h2>
        {isChanged ? <span class="badge tone-warn">not saved</span> : null}
      </div>
      <fieldset class="card-body stack" disabled={!mayWrite}>
        <h3>1. Users by name</h3>
        <Targets targets={draft.targets} variants={variants} onChange={(targets) => change({ targets })} />
        <h3>2. Rules, from the top</h3>
        <Rules rules={draft.rules} variants={variants} isBoolean={isBoolean} onChange={(rules) => change({ rules })} />
        <h3>3. Everybody else</h3>
        <ServeField
          label="Everybody else"
          serve={draft.fallthrough}
          variants={variants}
          isBoolean={isBoolean}
          onChange={(fallthrough) => change({ fallthrough })}
        />
        <label class="row">
          <input
            type="checkbox"
            checked={draft.clientVisible}
            onChange={(event) => change({ clientVisible: event.currentTarget.checked })}
          />
          Browsers may see it (evaluated, without its rules)
        </label>
        {isChanged ? (
          <div class="stack">
            <label class="field">
              <span class="label">Reason (goes into the audit)</span>
              <input class="input" value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
            </label>
            {failure === undefined ? null : <FailureNotice failure={failure} />}
            <div class="row">
              <button type="button" class="button button-primary" onClick={() => void save()}>
                Save
              </button>
              <button
                type="button"
                class="button"
                onClick={() => {
                  setEdited(undefined);
                  setFailure(undefined);
                }}
              >
                Discard
              </button>
              {base.revision === config.revision ? null : (
                <button type="button" class="button" onClick={() => setEdited({ of: config, draft })}>
                  Somebody else changed it: put this over revision {config.revision}
                </button>
              )}
            </div>
          </div>
        ) : null}
      </fieldset>
    </section>
  );
}
