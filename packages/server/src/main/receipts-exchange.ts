import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Timers } from "../ports/timers.ts";
import type { Pool } from "../store/postgres/pool.ts";
import { ReceiptRows, type ReceiptRow } from "../store/postgres/receipt-rows.ts";
import type { Replicas } from "../store/postgres/replicas.ts";
import type { Hub } from "../stream/hub.ts";
import type { ReceiptsPart } from "../stream/receipt-parts.ts";

/** How often servers tell each other who applied an urgent change. */
const EXCHANGE_EVERY_MS = 1_000;

/** Of what another server sends: 50,000 clients. */
const PART_BYTES_MAX = 32 * 1024 * 1024;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** What receipts are exchanged with. */
export interface ExchangeParts {
  readonly pool: Pool;
  readonly replicas: Replicas;
  readonly instance: string;
  readonly hub: Pick<Hub, "receiptsParts" | "counting" | "countWith" | "takeReceipts">;
  readonly clock: Clock;
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
  parts.hub.countWith([]);
  const cancel = timers.every(EXCHANGE_EVERY_MS, go);
  return async () => {
    cancel();
    await running;
    await exchange(parts, told).catch(() => undefined);
  };
}

async function exchange(parts: ExchangeParts, told: Map<string, string>): Promise<void> {
  const { pool, replicas, instance, hub, clock } = parts;
  const present = await replicas.present();
  hub.countWith(present.map((one) => one.instance).filter((one) => one !== instance));
  const own = hub.receiptsParts();
  for (const part of own) {
    const name = `${part.environment}/${part.revision}`;
    const text = JSON.stringify(part);
    if (told.get(name) === text) continue;
    const row = { environment: part.environment, revision: part.revision, instance, part: await deflate(text) };
    await pool.run((session) => new ReceiptRows(session).save({ ...row, savedAt: clock.now() }));
    told.set(name, text);
  }
  const environments = hub.counting();
  if (environments.length === 0) {
    told.clear();
    return;
  }
  const rows = await pool.run((session) => new ReceiptRows(session).ofOthers(instance, environments, clock.now()));
  for (const row of rows) hub.takeReceipts(row.instance, await partOf(row));
}

/** What a server of the same database wrote. */
async function partOf({ part }: ReceiptRow): Promise<ReceiptsPart> {
  const text = await inflate(part, { maxOutputLength: PART_BYTES_MAX });
  return JSON.parse(text.toString("utf8")) as ReceiptsPart;
}
