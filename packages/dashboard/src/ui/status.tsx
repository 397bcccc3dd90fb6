import type { RolloutStatus } from "@rampart/core";

/** What a colour stands for; never the only sign of it. */
export type Tone = "good" | "warn" | "bad" | "accent" | "neutral";

const STATUSES: Readonly<Record<RolloutStatus, readonly [word: string, tone: Tone, mark: string]>> = {
  scheduled: ["Scheduled", "neutral", "◷"],
  preconditions: ["Preconditions", "accent", "☐"],
  awaiting: ["Needs approval", "warn", "◆"],
  running: ["Ramping", "accent", "▲"],
  paused: ["Paused", "warn", "‖"],
  rollingBack: ["Rolling back", "bad", "▼"],
  verifying: ["Rolled back, verifying", "bad", "▼"],
  rolledBack: ["Rolled back", "bad", "▼"],
  completed: ["Completed", "good", "✓"],
  cancelled: ["Cancelled", "neutral", "✕"],
};

/** A word with its mark: colour is never the only sign. */
export function Badge({
  tone,
  mark,
  children,
}: {
  readonly tone: Tone;
  readonly mark?: string;
  readonly children: string;
}) {
  return (
    <span class={`badge tone-${tone}`}>
      {mark === undefined ? null : <span aria-hidden="true">{mark}</span>}
      {children}
    </span>
  );
}

/** What a rollout is at. */
export function StatusBadge({ status }: { readonly status: RolloutStatus }) {
  const [word, tone, mark] = STATUSES[status];
  return (
    <Badge tone={tone} mark={mark}>
      {word}
    </Badge>
  );
}

const OVER: ReadonlySet<RolloutStatus> = new Set(["completed", "cancelled", "rolledBack"]);

/** Whether a rollout still moves the flag, or may. */
export function isActive(status: RolloutStatus): boolean {
  return !OVER.has(status);
}

/** A percentage as people write it: `12.5 %`. */
export const percent = (percentage: number): string => `${Number(percentage.toFixed(3))} %`;
