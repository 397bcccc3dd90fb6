import type { Skipped } from "../wire/parsed.ts";
import type { Basis, Goodbye } from "../wire/types.ts";

/** What became of something that the server said. */
export type Verdict =
  /** Values changed, in one step. `drifted`: how they are not the server's all the same; ask for a snapshot. */
  | { readonly kind: "changed"; readonly flags: readonly string[]; readonly drifted?: string }
  /** It says what is held already: a proof that it is current. */
  | { readonly kind: "current" }
  /** A late or repeated message; proves nothing. */
  | { readonly kind: "ignored" }
  /** The server's data is older than what is held, which therefore stays. */
  | { readonly kind: "behind"; readonly code: "REVISION_WENT_BACK" | "EPOCH_WENT_BACK"; readonly message: string }
  /** Something is missing: only a snapshot helps. */
  | { readonly kind: "resync"; readonly reason: string };

/** What a message of the server came to. */
export type Intake =
  | {
      readonly kind: "taken";
      readonly verdict: Verdict;
      readonly skipped: readonly Skipped[];
      /** The change asks for a receipt. */
      readonly urgent: Basis | undefined;
      /** It was said by a server that knew what is stored at that moment: only this is contact, and renews leases. */
      readonly isConfirmed: boolean;
    }
  /** The server is there, and does not know what is stored now: it proves that the connection works, and nothing else. */
  | { readonly kind: "alive" }
  | { readonly kind: "goodbye"; readonly goodbye: Goodbye }
  | { readonly kind: "unreadable"; readonly reason: string }
  /** An event of a newer server. */
  | { readonly kind: "unknown" };

/** What holds a client's values: rules for a server, or one user's values in a browser. The session brings it what the server says. */
export interface Holder {
  /** What is held; undefined before the first snapshot. */
  readonly at: Basis | undefined;
  /** `epoch:revision` to resume from; undefined: a snapshot is needed. */
  basis(): string | undefined;
  /** Reads one event of the stream. */
  takeFrame(event: string, data: string): Intake;
  /** Reads the answer to a poll. */
  takeBody(body: string): Intake;
}
