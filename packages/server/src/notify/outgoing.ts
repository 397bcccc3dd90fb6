import type { OutboxRow } from "../ports/rollout-store.ts";

/** A message as channels give it their form. */
export interface Outgoing extends Pick<
  OutboxRow,
  "key" | "rolloutId" | "notify" | "message" | "onlyIncident" | "createdAt"
> {
  /** The rollout's page, where the server knows its own address. */
  readonly link?: string;
}
