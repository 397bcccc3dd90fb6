import type { RolloutStatus, SeverityName, TriggerActionName } from "./rollouts.ts";
import type { Instant } from "./types.ts";

/** Body of `POST /api/v1/signals`. Without `environment` and `flag`: every rollout whose plan knows the signal. */
export interface NewSignal {
  readonly name: string;
  /** In the unit of the metrics that stand for it; missing: the event alone. */
  readonly value?: number;
  readonly environment?: string;
  readonly flag?: string;
}

/** A rollout that a signal or an alert reached, as it stood right after. */
export interface ReachedRollout {
  readonly id: string;
  readonly flag: string;
  readonly environment: string;
  readonly status: RolloutStatus;
  readonly percentage: number;
}

/** Answer of `POST /api/v1/signals`. */
export interface SignalResult {
  readonly name: string;
  readonly value?: number;
  readonly at: Instant;
  /** The rollouts that heard it. */
  readonly heard: readonly ReachedRollout[];
}

/** Answer of `POST /api/v1/integrations/alertmanager`, in the order of the alerts. */
export interface AlertsResult {
  readonly alerts: readonly {
    readonly name: string;
    readonly status: "firing" | "resolved";
    /** Missing for an alert that is not mapped. */
    readonly action?: TriggerActionName;
    /**
     * `told`: rollouts heard of it. `killed`: no rollout manages the flag, and it was killed. `unmapped`: it has none of the labels. `noTarget`:
     * it has, and there is nothing that they name. `nothing`: there is nothing to do (resolved, or nobody manages the flag).
     */
    readonly outcome: "told" | "killed" | "unmapped" | "noTarget" | "nothing";
    readonly rollouts: readonly ReachedRollout[];
    readonly detail?: string;
  }[];
  readonly unmapped: number;
}

/** A message that leaves the house. An item of `GET /api/v1/outbox`. */
export interface OutboxView {
  readonly key: string;
  readonly rolloutId: string;
  readonly event: string;
  readonly severity?: SeverityName;
  readonly stage?: string;
  readonly subject: string;
  readonly status: "waiting" | "sent" | "dead";
  readonly attempts: number;
  readonly createdAt: Instant;
  /** When it is tried next; of interest while it waits. */
  readonly dueAt: Instant;
  readonly lastError?: string;
  /** Where it goes. */
  readonly channel: string;
}

/** A channel for notifications. An item of `GET /api/v1/channels`. */
export interface ChannelView {
  readonly name: string;
  readonly type: "log" | "slack" | "pagerduty" | "webhook" | "statuspage" | "email" | "otlp";
  /** Who made it; only those of `api` can be changed and removed there. */
  readonly source: "server" | "file" | "api";
  /** `disabled`: its receiver is gone, or its settings can't be used; messages to it are given up. */
  readonly state: "ready" | "disabled";
  /** Why it is disabled. */
  readonly reason?: string;
}

/** The answer to `GET /api/v1/channels`. */
export interface ChannelList {
  readonly items: readonly ChannelView[];
}

/** The answer to `POST /api/v1/channels/:name/test`. */
export interface ChannelTest {
  readonly name: string;
  readonly delivered: boolean;
  /** Why it was not delivered. */
  readonly reason?: string;
}

/** The answer to `POST /api/v1/outbox/resend`. */
export interface Resent {
  /** Messages that are under way again. */
  readonly resent: number;
}
