import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import type { Clock } from "../ports/clock.ts";
import type { Pool } from "../store/postgres/pool.ts";
import { ReceiptRows, type ReceiptRow } from "../store/postgres/receipt-rows.ts";
import type { Replicas } from "../store/postgres/replicas.ts";
import type { ReceiptsPart } from "../stream/receipt-parts.ts";
import type { ReceiptsBook } from "./receipts-exchange.ts";

/** Of what another server sends: 50,000 clients. */
const PART_BYTES_MAX = 32 * 1024 * 1024;

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** What one server's book is kept with. */
export interface ReceiptsBookParts {
  readonly pool: Pool;
  readonly replicas: Replicas;
  /** Of this process, unlike any other. */
  readonly instance: string;
  readonly clock: Clock;
}

/** What the servers know of receipts, as compressed rows of PostgreSQL. */
export function receiptsBook({ pool, replicas, instance, clock }: ReceiptsBookParts): ReceiptsBook {
  return {
    async peers() {
      const present = await replicas.present();
      return present.map((one) => one.instance).filter((one) => one !== instance);
    },
    async save({ environment, revision }, text) {
      const row = { environment, revision, instance, part: await deflate(text), savedAt: clock.now() };
      await pool.run((session) => new ReceiptRows(session).save(row));
    },
    async ofOthers(environments) {
      const rows = await pool.run((session) => new ReceiptRows(session).ofOthers(instance, environments, clock.now()));
      return Promise.all(rows.map(async (row) => ({ instance: row.instance, part: await partOf(row) })));
    },
  };
}

/** What a server of the same database wrote. */
async function partOf({ part }: ReceiptRow): Promise<ReceiptsPart> {
  const text = await inflate(part, { maxOutputLength: PART_BYTES_MAX });
  return JSON.parse(text.toString("utf8")) as ReceiptsPart;
}
