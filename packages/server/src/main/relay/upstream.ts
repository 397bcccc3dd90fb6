import type { ClientsView, Skipped } from "@rampart/core";
import { History, SNAPSHOT_BYTES_MAX } from "@rampart/core";
import type { KeyBook } from "../../ports/keys.ts";
import type { Logger } from "../../ports/logger.ts";
import type { EnvironmentChanges, EnvironmentContent, Store, TokenRecord } from "../../ports/store.ts";
import type { ReceiptsPart } from "../../stream/receipt-parts.ts";
import type { RelayIdentity } from "../../stream/relays.ts";
import { type ChangesAnswer, readChanges, readKeys, readNoted } from "./answer.ts";
import { type Post, type PostAnswer, unreachable } from "./post.ts";
import type { UpstreamClock } from "./upstream-clock.ts";

/** How long a question waits for a change. With each level of relays, what is known is older by this and one way there and back. */
export const WAIT_MS = 500;

/** An answer that takes longer does not come: well below the three seconds after which it would be of no use. */
const ANSWER_MAX_MS = 2_000;

/** Everything takes longer than a change. */
const SNAPSHOT_MAX_MS = 20_000;

const REPORT_MAX_MS = 5_000;
const ANSWER_MAX_BYTES = 1024 * 1024;

/** The upstream server does not take this relay's key. */
export class KeyRefused extends Error {}

/** Where a relay's key leads. */
export interface UpstreamParts {
  readonly post: Post;
  readonly key: string;
  readonly relay: RelayIdentity;
  readonly clock: UpstreamClock;
  readonly logger: Logger;
}

/** What a relay says of itself. */
export interface Report {
  readonly clients?: ClientsView;
  readonly receipts: readonly ReceiptsPart[];
  readonly left?: boolean;
}

/**
 * One environment at the upstream server, in place of a store: what is asked of it, is asked there. Whatever would take the environment back to an older revision is
 * refused here, so that nothing behind this can serve it.
 */
export class Upstream implements Pick<Store, "content" | "changesSince">, KeyBook {
  readonly #parts: UpstreamParts;
  readonly #history = new History();
  /** See `lastStepFrom`. */
  #latest: EnvironmentChanges | undefined;
  #isFailing = false;

  constructor(parts: UpstreamParts) {
    this.#parts = parts;
  }

  /** The last question came to nothing. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  async content(): Promise<EnvironmentContent | undefined> {
    const answer = await this.#ask({}, { timeoutMs: SNAPSHOT_MAX_MS });
    if (answer.kind !== "snapshot") return undefined;
    this.#move(answer.content);
    return answer.content;
  }

  /** Waits for a change for a while where `from` is the present. */
  async changesSince(environment: string, from: number): Promise<EnvironmentChanges | undefined> {
    const { epoch = "" } = this.#history.at ?? {};
    const answer = await this.#ask(
      { from: { epoch, revision: from }, waitMs: WAIT_MS },
      { timeoutMs: WAIT_MS + ANSWER_MAX_MS },
    );
    switch (answer.kind) {
      case "unknown":
      case "snapshot":
        return undefined;
      case "unchanged":
        this.#move(answer);
        return { ...NOTHING, key: environment, from, ...answer };
      case "changes": {
        const changes = { ...answer.changes, key: environment };
        this.#move(changes);
        this.#latest = changes;
        return changes;
      }
    }
  }

  /** The last change that was answered, if it began there. It says nothing of the present. */
  lastStepFrom(from: number): EnvironmentChanges | undefined {
    return this.#latest?.from === from ? this.#latest : undefined;
  }

  async byHash(hash: string): Promise<TokenRecord | undefined> {
    return (await this.#keys({ hash }))[0];
  }

  byIds(ids: readonly string[]): Promise<readonly TokenRecord[]> {
    return this.#keys({ ids });
  }

  /** Says whom this relay has. Rejects when that was not noted. */
  async report(report: Report): Promise<void> {
    await this.#timed("/relay/v1/report", { relay: this.#parts.relay, ...report }, REPORT_MAX_MS, readNoted);
  }

  async #keys(body: object): Promise<readonly TokenRecord[]> {
    const path = "/relay/v1/keys";
    const { body: text } = await this.#posted(path, body, ANSWER_MAX_MS);
    return readable(path, () => readKeys(text));
  }

  async #ask(body: object, { timeoutMs }: { readonly timeoutMs: number }): Promise<ChangesAnswer> {
    const { relay } = this.#parts;
    try {
      const answer = await this.#timed("/relay/v1/changes", { relay, waitMs: 0, ...body }, timeoutMs, (text) =>
        readChanges(text, (skipped) => this.#skipped(skipped)),
      );
      this.#isFailing = false;
      return answer;
    } catch (cause) {
      this.#isFailing = true;
      throw cause;
    }
  }

  /** As `#posted`, and looks at the clock in the answer. */
  async #timed<T extends { readonly now: number }>(
    path: string,
    body: object,
    timeoutMs: number,
    read: (text: string) => T,
  ): Promise<T> {
    const { clock } = this.#parts;
    const askedAt = clock.ownNow();
    const { body: text } = await this.#posted(path, body, timeoutMs);
    const answer = readable(path, () => read(text));
    clock.learn({ askedAt, theirs: answer.now, answeredAt: clock.ownNow() });
    return answer;
  }

  async #posted(path: string, body: object, timeoutMs: number): Promise<PostAnswer> {
    const { post, key } = this.#parts;
    const headers = { authorization: `Bearer ${key}` };
    const bodyBytesMax = path.endsWith("changes") ? SNAPSHOT_BYTES_MAX : ANSWER_MAX_BYTES;
    const answer = await post({ path, headers, body, timeoutMs, bodyBytesMax });
    const what = `POST ${path}: ${answer.status} ${answer.body.slice(0, 300)}`;
    if (answer.status === 401 || answer.status === 403) throw unreachable(what, new KeyRefused(what));
    if (answer.status !== 200) throw unreachable(what);
    return answer;
  }

  /** Throws when what is there is older than what was told before. */
  #move({ epoch, revision }: { readonly epoch: string; readonly revision: number }): void {
    const behind = this.#history.behind({ epoch, revision });
    if (behind !== undefined) throw unreachable(behind.message);
    this.#history.move({ epoch, revision });
  }

  #skipped(skipped: readonly Skipped[]): void {
    const { logger } = this.#parts;
    logger.error({ skipped }, "flags or segments can't be read here, and stay as they were; upgrade this relay");
  }
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreachable(`POST ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

const NOTHING = {
  flags: [],
  segments: [],
  removedFlags: [],
  removedSegments: [],
  urgent: false,
  committedAt: 0,
} as const;
