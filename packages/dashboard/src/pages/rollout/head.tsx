import type { RolloutView } from "@rampart/core";
import { useEffect, useMemo } from "preact/hooks";
import { call } from "../../api/call.ts";
import { may } from "../../api/session.ts";
import { HoldButton } from "../../ui/hold-button.tsx";
import { percent, StatusBadge } from "../../ui/status.tsx";
import { attempt, taken } from "../../ui/toast.tsx";
import { command } from "./commands.ts";
import { withoutFigures } from "./words.ts";

/**
 * Takes the feature back: by its rollout, or where that is over by killing the flag. It needs nothing but the rollout's id, so that it works
 * before anything has loaded, and when nothing does.
 */
export function KillButton({ id, rollout }: { readonly id: string; readonly rollout: RolloutView | undefined }) {
  const name = rollout?.flag ?? "this feature";
  const reason = "taken back in the console";
  // The rollout has done its part then; somebody may have put the flag back since.
  const isOver = rollout?.status === "rolledBack" || rollout?.status === "cancelled";
  const act = (): void => {
    const begun = isOver
      ? call<object>(
          "POST",
          `/api/v1/environments/${rollout.environment}/flags/${encodeURIComponent(rollout.flag)}/kill`,
          {
            body: { reason },
          },
        )
      : command(id, "rollback", { reason });
    attempt<object>(begun, taken(name, isOver ? `${name} is off for everybody.` : `${name} goes back to 0 %.`), {
      undone: `${name} was not taken back.`,
    });
  };
  return isOver ? (
    <HoldButton label="Kill the flag" what={`kill ${name}`} onConfirm={act} />
  ) : (
    <HoldButton label="Roll back to 0 %" what={`roll back ${name}`} onConfirm={act} />
  );
}

/** What is rolled out, where it stands, and the button that takes it back. */
export function RolloutHead({ id, rollout }: { readonly id: string; readonly rollout: RolloutView | undefined }) {
  const title = rollout === undefined ? "Rollout" : `${percent(rollout.percentage)} ${rollout.flag}`;
  useEffect(() => void (document.title = `${title} · Rampart`), [title]);
  return (
    <div class="rollout-head">
      <div class="grow stack-tight">
        <p class="soft">
          <a href="/rollouts">Rollouts</a>
          {rollout === undefined ? null : ` · ${rollout.environment} · `}
          {rollout === undefined ? null : <bdi>{rollout.plan.title}</bdi>}
        </p>
        <div class="row">
          <h1>{rollout === undefined ? `Rollout ${id}` : <a href={`/flags/${rollout.flag}`}>{rollout.flag}</a>}</h1>
          {rollout === undefined ? null : <StatusBadge status={rollout.status} />}
        </div>
      </div>
      {rollout === undefined ? null : (
        <div class="now" aria-label={`${percent(rollout.percentage)} of users`}>
          {percent(rollout.percentage)}
        </div>
      )}
      {may("rollouts:write", rollout?.environment) ? <KillButton id={id} rollout={rollout} /> : null}
    </div>
  );
}

/** Where it stands and why, in a sentence; read out when it says something else, and not with each second of it. */
export function Verdict({ rollout }: { readonly rollout: RolloutView }) {
  const { sentence, escalation } = rollout;
  const tone = TONES[rollout.status] ?? "neutral";
  const more = escalation === undefined ? "" : "People are being told, step by step, until somebody acknowledges.";
  const words = withoutFigures(sentence + more);
  const said = useMemo(() => `${sentence} ${more}`, [words]);
  return (
    <div class={`verdict verdict-${tone}`}>
      <p>{sentence}</p>
      {more === "" ? null : <p class="small">{more}</p>}
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </div>
  );
}

const TONES: Readonly<Record<string, string>> = {
  awaiting: "warn",
  paused: "warn",
  preconditions: "accent",
  running: "accent",
  rollingBack: "bad",
  verifying: "bad",
  rolledBack: "bad",
  completed: "good",
};
