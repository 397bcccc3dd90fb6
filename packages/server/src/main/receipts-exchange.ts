import type { Logger } from "../ports/logger.ts";
import type { Timers } from "../ports/timers.ts";
import type { Hub } from "../stream/hub.ts";
import type { ReceiptsPart } from "../stream/receipt-parts.ts";

/** How often servers tell each other who applied an urgent change. */
const EXCHANGE_EVERY_MS = 1_000;

/** What one server writes for the others of receipts, and reads of them. */
export interface ReceiptsBook {
  /** Servers that are there beside this one, or were lately, by their instances. */
  peers(): Promise<readonly string[]>;
  /** Keeps what this server knows of a change, in place of what it knew before. `text` is `part` as JSON. */
  save(part: ReceiptsPart, text: string): Promise<void>;
  /** What the others know of changes in these environments. */
  ofOthers(
    environments: readonly string[],
  ): Promise<readonly { readonly instance: string; readonly part: ReceiptsPart }[]>;
}

/** What receipts are exchanged with. */
export interface ExchangeParts {
  readonly book: ReceiptsBook;
  readonly hub: Pick<Hub, "receiptsParts" | "counting" | "countTogether" | "askPeers" | "takeReceipts">;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Lets every server know the receipts of all. Returns what stops it. What fails is tried again a second later. */
export function startReceiptsExchange(parts: ExchangeParts): () => Promise<void> {
  const { timers, logger } = parts;
  const told = new Map<string, string>();
  let running: Promise<void> | undefined;
  const go = (): void => {
    running ??= exchange(parts, told)
      .catch((error: unknown) => logger.warn({ err: error }, "receipts can't be exchanged with the other servers"))
      .then(() => void (running = undefined));
  };
  parts.hub.countTogether();
  const cancel = timers.every(EXCHANGE_EVERY_MS, go);
  return async () => {
    cancel();
    await running;
    await exchange(parts, told).catch(() => undefined);
  };
}

async function exchange({ book, hub }: ExchangeParts, told: Map<string, string>): Promise<void> {
  const answered = hub.askPeers();
  answered(await book.peers());
  const own = hub.receiptsParts();
  for (const part of own) {
    const name = `${part.environment}/${part.revision}`;
    const text = JSON.stringify(part);
    if (told.get(name) === text) continue;
    await book.save(part, text);
    told.set(name, text);
  }
  const environments = hub.counting();
  if (environments.length === 0) {
    told.clear();
    return;
  }
  for (const { instance, part } of await book.ofOthers(environments)) hub.takeReceipts(instance, part);
}
