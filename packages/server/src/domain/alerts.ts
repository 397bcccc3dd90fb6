import type { TriggerAction, Severity } from "./plan/types.ts";

/** An alert as Alertmanager sends it: labels are all that it is known by. */
export interface IncomingAlert {
  readonly status: "firing" | "resolved";
  readonly labels: { readonly [name: string]: string };
  /** Its identity at its source. */
  readonly fingerprint: string;
}

/** What an alert is about. At least one of `flag` and `rollout`. */
export interface AlertTarget {
  readonly flag?: string;
  /** The id of a rollout, or the name of its plan; of interest where there is no flag. */
  readonly rollout?: string;
  readonly environment?: string;
}

/** An alert that concerns a flag. */
export interface MappedAlert {
  readonly name: string;
  readonly fingerprint: string;
  readonly status: "firing" | "resolved";
  readonly action: TriggerAction;
  readonly severity: Severity;
  readonly target: AlertTarget;
  /** What is odd about its labels. */
  readonly oddity?: string;
}

const ACTIONS: readonly TriggerAction[] = ["rollback", "pause", "notify"];

/** What a severity stands for, where no label says what to do. Every other one: tell, and touch nothing. */
const BY_SEVERITY: { readonly [severity: string]: { readonly action: TriggerAction; readonly severity: Severity } } = {
  critical: { action: "rollback", severity: "P0" },
  warning: { action: "pause", severity: "P1" },
};

const OTHERWISE = { action: "notify", severity: "P2" } as const;

/**
 * What an alert asks for, by its labels `rampart_flag`, `rampart_rollout`, `rampart_environment`, `rampart_action` and `severity`. Undefined: it
 * names neither flag nor rollout, and is none of ours.
 */
export function mapAlert({ labels, status, fingerprint }: IncomingAlert): MappedAlert | undefined {
  const label = (name: string): string | undefined =>
    (Object.hasOwn(labels, name) && labels[name]?.trim()) || undefined;
  const flag = label("rampart_flag");
  const rollout = label("rampart_rollout");
  const environment = label("rampart_environment");
  if (flag === undefined && rollout === undefined) return undefined;
  const standard = standardOf(label("severity"));
  const wanted = label("rampart_action")?.toLowerCase();
  const action = ACTIONS.find((one) => one === wanted);
  const isOdd = wanted !== undefined && action === undefined;
  return {
    name: label("alertname") ?? "alert",
    fingerprint,
    status,
    action: action ?? standard.action,
    severity: standard.severity,
    target: {
      ...(flag !== undefined && { flag }),
      ...(rollout !== undefined && { rollout }),
      ...(environment !== undefined && { environment }),
    },
    ...(isOdd && {
      oddity: `rampart_action is ${JSON.stringify(wanted.slice(0, 40))}; there are ${ACTIONS.join(", ")}`,
    }),
  };
}

function standardOf(severity: string | undefined): { readonly action: TriggerAction; readonly severity: Severity } {
  const name = severity?.toLowerCase() ?? "";
  return Object.hasOwn(BY_SEVERITY, name) ? (BY_SEVERITY[name] ?? OTHERWISE) : OTHERWISE;
}
