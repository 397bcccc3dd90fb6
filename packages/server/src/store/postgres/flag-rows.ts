import { asc, eq } from "drizzle-orm";
import type { FlagRecord } from "../../ports/store.ts";
import { flags } from "./schema.ts";
import type { Session } from "./session.ts";

const { definition, createdAt, updatedAt } = flags;
const RECORD = { definition, createdAt, updatedAt };

/** Flag definitions. */
export class FlagRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  all(): Promise<readonly FlagRecord[]> {
    return this.#orm.select(RECORD).from(flags).orderBy(asc(flags.key));
  }

  async get(key: string): Promise<FlagRecord | undefined> {
    const [row] = await this.#orm.select(RECORD).from(flags).where(eq(flags.key, key));
    return row;
  }

  async insert(record: FlagRecord): Promise<void> {
    await this.#orm.insert(flags).values({ key: record.definition.key, ...record });
  }

  async update(record: FlagRecord): Promise<void> {
    const next = { definition: record.definition, updatedAt: record.updatedAt };
    await this.#orm.update(flags).set(next).where(eq(flags.key, record.definition.key));
  }

  /** Its configurations go with it. */
  async remove(key: string): Promise<void> {
    await this.#orm.delete(flags).where(eq(flags.key, key));
  }
}
