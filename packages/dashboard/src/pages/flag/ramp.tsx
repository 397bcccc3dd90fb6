import type { FlagConfigView, RampView } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../../api/call.ts";
import { refresh } from "../../api/resource.ts";
import { attempt } from "../../ui/toast.tsx";
import { useTyped } from "../../ui/typed.ts";
import { configPath } from "./paths.ts";
import { PercentageField } from "./serve-field.tsx";

/** A number of users to imagine a share by, where nobody said how many there are. */
const USERS_SUGGESTED = 10_000;

/** Ramps a flag by hand, with the way back beside it. */
export function Ramp({ config, percentage }: { readonly config: FlagConfigView; readonly percentage: number }) {
  const [wanted, setWanted] = useState<number>();
  const [users, setUsers] = useState(USERS_SUGGESTED);
  const typedUsers = useTyped(String(users), (text) => setUsers(Math.max(1, Number(text))));
  const shown = wanted ?? percentage;
  const path = `${configPath(config.environment, config.key)}/rollout`;
  const ramp = (to: number, reason: string): Promise<RampView> =>
    call<RampView>("POST", path, { body: { percentage: to, reason } }).finally(() => {
      refresh(configPath(config.environment, config.key));
      refresh("/api/v1/flags");
    });
  const apply = (): void => {
    setWanted(undefined);
    attempt(ramp(shown, "by hand, in the console"), `${config.key} is at ${shown} %.`, {
      undo: () => attempt(ramp(percentage, "taken back in the console"), `${config.key} is back at ${percentage} %.`),
    });
  };
  return (
    <section class="card" aria-labelledby="ramp">
      <div class="card-head">
        <h2 id="ramp">On for a share</h2>
        <a href="/plans">Better: by a plan</a>
      </div>
      <div class="card-body stack">
        <PercentageField label="Share of users" percentage={shown} onChange={setWanted} />
        <p class="row">
          About <strong>{Math.round((users * shown) / 100).toLocaleString()}</strong> of
          <input class="input number-input" type="number" min={1} {...typedUsers} aria-label="Number of users" />
          users
        </p>
        {wanted === undefined || wanted === percentage ? null : (
          <div class="row">
            <button type="button" class="button button-primary" onClick={apply}>
              Set to {shown} %
            </button>
            <button type="button" class="button" onClick={() => setWanted(undefined)}>
              Leave it at {percentage} %
            </button>
          </div>
        )}
      </div>
    </section>
  );
}
