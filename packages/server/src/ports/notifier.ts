import type { OutboxRow } from "./rollout-store.ts";

/** What came of one try to deliver a message. No secret is in a `reason`. */
export type Delivery =
  | { readonly kind: "delivered" }
  /** It may work later. `waitMs`: the receiver said not before. */
  | { readonly kind: "failed"; readonly reason: string; readonly again: true; readonly waitMs?: number }
  /** It never will. */
  | { readonly kind: "failed"; readonly reason: string; readonly again: false };

/** Brings a message to people. A message can come twice, with the same key. */
export interface Notifier {
  deliver(message: OutboxRow): Promise<Delivery>;
}
