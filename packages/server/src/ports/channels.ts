import type { Delivery } from "./notifier.ts";
import type { ChangeMeta } from "./store.ts";

/** A channel as everybody may see it: nothing of where it leads or of its secrets. */
export interface Channel {
  readonly name: string;
  readonly type: "log" | "slack" | "pagerduty" | "webhook" | "statuspage" | "email" | "otlp";
  /** Who made it: the server itself, its channels file, or somebody through the API. Only the last kind can be changed there. */
  readonly source: "server" | "file" | "api";
  /** `disabled`: its receiver said that it is gone for good, or its settings can't be used; messages are given up. */
  readonly state: "ready" | "disabled";
  /** Why it is disabled. */
  readonly reason?: string;
}

/** What came of saving a channel. */
export type SavedChannel =
  | { readonly kind: "created" | "changed"; readonly channel: Channel }
  /** Everything that is wrong; no value of the settings is in it. */
  | { readonly kind: "invalid"; readonly problems: readonly { readonly where: string; readonly detail: string }[] }
  /** The channels file, or the server, has the name. */
  | { readonly kind: "fixed" }
  | { readonly kind: "full"; readonly countMax: number };

/** The channels that a server has. */
export interface ChannelDesk {
  channels(): Promise<readonly Channel[]>;
  /** Sends a message that says it is a test, and calls nobody out of bed. Undefined: there is no such channel. */
  test(name: string): Promise<Delivery | undefined>;
  /** Makes a channel or replaces all of it, and the next message goes there. `settings` as the channels file has them. */
  save(name: string, settings: unknown, meta: ChangeMeta): Promise<SavedChannel>;
  remove(name: string, meta: ChangeMeta): Promise<"removed" | "missing" | "fixed">;
}
