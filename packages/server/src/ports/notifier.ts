import type { OutboxRow } from "./rollout-store.ts";

/** What came of one try to deliver a message. */
export type Delivery =
  | { readonly kind: "delivered" }
  /** `again`: it may work later. No secret is in `reason`. */
  | { readonly kind: "failed"; readonly reason: string; readonly again: boolean };

/** Brings a message to people. A message can come twice, with the same key. */
export interface Notifier {
  deliver(message: OutboxRow): Promise<Delivery>;
}
