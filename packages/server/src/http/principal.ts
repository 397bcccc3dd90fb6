import type { TokenKind } from "@rampart/core";
import type { BrowserRules } from "../domain/records.ts";

/** Who is calling. Says nothing yet of what they may do. */
export interface Principal {
  /** As the audit names them. */
  readonly actor: string;
  readonly kind: TokenKind;
  readonly environments: readonly string[];
  readonly roles: readonly string[];
  /** What rate limits and streams are counted by. */
  readonly tokenId: string;
  /** Of client keys that have some. */
  readonly browsers?: BrowserRules | undefined;
}
