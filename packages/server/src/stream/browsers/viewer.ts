import type { Basis, EvaluationContext } from "@rampart/core";
import type { EpochMs } from "../../ports/store.ts";
import { Stream } from "../stream.ts";
import type { Moment } from "./history.ts";
import type { Audience } from "./answers.ts";

/** What a stream of evaluated values is for. */
export interface View {
  readonly context: EvaluationContext;
  readonly audience: Audience;
  /** `values`: the answers themselves. `notices`: only that it is time to ask again, as OpenFeature's remote evaluation has it. */
  readonly tells: "values" | "notices";
  /** The tag of what the client holds for this very context. */
  readonly etag?: string | undefined;
  /** When its right to the context ends; undefined: as its key does. */
  readonly expiresAt?: EpochMs | undefined;
}

/** One stream of values for one context. */
export class Viewer extends Stream {
  readonly isPage = true;
  readonly view: View;
  /** What it was sent, as the contents of answers, which all viewers share. */
  readonly holds: Map<string, string>;
  /** Everything up to here was looked at for it. */
  at: Moment;

  constructor(of: Pick<Viewer, "socket" | "channel" | "tokenId" | "openedAt" | "view" | "holds" | "at">) {
    super(of);
    this.view = of.view;
    this.holds = of.holds;
    this.at = of.at;
  }

  override held(): Basis {
    return this.at;
  }
}
