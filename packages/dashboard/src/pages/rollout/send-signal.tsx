import type { RolloutView, SignalResult } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../../api/call.ts";
import { refresh } from "../../api/resource.ts";
import { may } from "../../api/session.ts";
import { CommandDialog } from "../../ui/dialog.tsx";
import { isActive } from "../../ui/status.tsx";
import { say } from "../../ui/toast.tsx";
import { rolloutPath } from "./commands.ts";

export interface SendSignalProps {
  readonly rollout: RolloutView;
  readonly signal: string;
  /** It stands for a number that has to be given; else it is an event. */
  readonly hasValue: boolean;
  /** What comes of it: `rolls back`. */
  readonly effect: string;
}

/** Lets somebody tell a rollout, and it alone, what they know and no metric does. */
export function SendSignal({ rollout, signal, hasValue, effect }: SendSignalProps) {
  const { id, flag, environment, status } = rollout;
  const [isAsked, ask] = useState(false);
  const [value, setValue] = useState("");
  if (!isActive(status) || !may("signals:write", environment)) return null;
  return (
    <>
      <button type="button" class="button button-small" onClick={() => ask(true)}>
        Send<span class="visually-hidden"> {signal}</span>
      </button>
      {isAsked ? (
        <CommandDialog
          title={`Send ${signal}?`}
          verb="Send"
          onClose={() => ask(false)}
          onConfirm={async () => {
            const number = hasValue ? { value: Number(value) } : {};
            await call<SignalResult>("POST", "/api/v1/signals", {
              body: { name: signal, environment, flag, ...number },
            });
            refresh(rolloutPath(id));
            say(`${signal} was sent.`);
          }}
        >
          {hasValue ? (
            <label class="field">
              <span class="label">Value</span>
              <input
                class="input"
                type="number"
                step="any"
                required
                value={value}
                onInput={(event) => setValue(event.currentTarget.value)}
              />
            </label>
          ) : (
            <p>
              It {effect} {flag} in {environment}.
            </p>
          )}
        </CommandDialog>
      ) : null}
    </>
  );
}
