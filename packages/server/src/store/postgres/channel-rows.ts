import { asc, count, eq, ne } from "drizzle-orm";
import type { ChannelRecord } from "../../ports/channel-store.ts";
import { channels } from "./schema.ts";
import type { Session } from "./session.ts";

/** Channels that were made through the API. */
export class ChannelRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  all(): Promise<readonly ChannelRecord[]> {
    return this.#orm.select().from(channels).orderBy(asc(channels.name));
  }

  async get(name: string): Promise<ChannelRecord | undefined> {
    const [row] = await this.#orm.select().from(channels).where(eq(channels.name, name));
    return row;
  }

  async countOthers(name: string): Promise<number> {
    const [counted] = await this.#orm.select({ count: count() }).from(channels).where(ne(channels.name, name));
    return counted?.count ?? 0;
  }

  async save({ name, ...rest }: ChannelRecord): Promise<void> {
    await this.#orm
      .insert(channels)
      .values({ name, ...rest })
      .onConflictDoUpdate({ target: channels.name, set: rest });
  }

  async remove(name: string): Promise<void> {
    await this.#orm.delete(channels).where(eq(channels.name, name));
  }
}
