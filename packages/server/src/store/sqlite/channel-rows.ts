import { asc, eq, ne, sql } from "drizzle-orm";
import type { ChannelRecord } from "../../ports/channel-store.ts";
import { channels } from "./schema.ts";
import type { Session } from "./session.ts";

/** Channels that were made through the API. */
export class ChannelRows {
  readonly #orm: Session["orm"];

  constructor({ orm }: Session) {
    this.#orm = orm;
  }

  all(): readonly ChannelRecord[] {
    return this.#orm.select().from(channels).orderBy(asc(channels.name)).all();
  }

  get(name: string): ChannelRecord | undefined {
    return this.#orm.select().from(channels).where(eq(channels.name, name)).get();
  }

  countOthers(name: string): number {
    const counted = this.#orm
      .select({ count: sql<number>`count(*)` })
      .from(channels)
      .where(ne(channels.name, name));
    return counted.get()?.count ?? 0;
  }

  save({ name, ...rest }: ChannelRecord): void {
    this.#orm
      .insert(channels)
      .values({ name, ...rest })
      .onConflictDoUpdate({ target: channels.name, set: rest })
      .run();
  }

  remove(name: string): void {
    this.#orm.delete(channels).where(eq(channels.name, name)).run();
  }
}
