import type { Delivery } from "./notifier.ts";

/** A channel as everybody may see it: nothing of where it leads or of its secrets. */
export interface Channel {
  readonly name: string;
  readonly type: "log" | "slack" | "pagerduty" | "webhook" | "statuspage" | "email";
  /** `disabled`: its receiver said that it is gone for good, and messages are given up. */
  readonly state: "ready" | "disabled";
  /** Why it is disabled. */
  readonly reason?: string;
}

/** The channels that a server has. */
export interface ChannelDesk {
  channels(): readonly Channel[];
  /** Sends a message that says it is a test, and calls nobody out of bed. Undefined: there is no such channel. */
  test(name: string): Promise<Delivery | undefined>;
}
