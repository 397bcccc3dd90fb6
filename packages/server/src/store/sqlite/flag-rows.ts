import type { FlagDefinition } from "@rampart/core";
import { asc, eq, sql } from "drizzle-orm";
import type { FlagRecord } from "../../ports/store.ts";
import { flags } from "./schema.ts";
import type { Session } from "./session.ts";

/** Flag definitions. */
export class FlagRows {
  readonly #orm: Session["orm"];
  readonly #get;

  constructor({ orm }: Session) {
    this.#orm = orm;
    this.#get = orm
      .select()
      .from(flags)
      .where(eq(flags.key, sql.placeholder("key")))
      .prepare();
  }

  all(): readonly FlagRecord[] {
    return this.#orm.select().from(flags).orderBy(asc(flags.key)).all().map(recordOf);
  }

  get(key: string): FlagRecord | undefined {
    const row = this.#get.get({ key });
    return row === undefined ? undefined : recordOf(row);
  }

  insert({ definition, createdAt, updatedAt }: FlagRecord): void {
    this.#orm.insert(flags).values({ key: definition.key, definition, createdAt, updatedAt }).run();
  }

  update({ definition, updatedAt }: FlagRecord): void {
    this.#orm.update(flags).set({ definition, updatedAt }).where(eq(flags.key, definition.key)).run();
  }

  /** Its configurations go with it. */
  remove(key: string): void {
    this.#orm.delete(flags).where(eq(flags.key, key)).run();
  }
}

const recordOf = ({
  definition,
  createdAt,
  updatedAt,
}: {
  definition: FlagDefinition;
  createdAt: number;
  updatedAt: number;
}): FlagRecord => ({
  definition,
  createdAt,
  updatedAt,
});
