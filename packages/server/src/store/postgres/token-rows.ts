import { asc, eq } from "drizzle-orm";
import type { TokenRecord } from "../../ports/store.ts";
import { tokens } from "./schema.ts";
import type { Session } from "./session.ts";

/** The stored halves of tokens. */
export class TokenRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  /** In the order in which they were made. */
  async all(): Promise<readonly TokenRecord[]> {
    return (await this.#orm.select().from(tokens).orderBy(asc(tokens.ordinal))).map(recordOf);
  }

  async get(id: string): Promise<TokenRecord | undefined> {
    const [row] = await this.#orm.select().from(tokens).where(eq(tokens.id, id));
    return row && recordOf(row);
  }

  async byHash(hash: string): Promise<TokenRecord | undefined> {
    const [row] = await this.#orm.select().from(tokens).where(eq(tokens.hash, hash));
    return row && recordOf(row);
  }

  async insert(token: TokenRecord): Promise<void> {
    await this.#orm.insert(tokens).values(token);
  }

  async revoke(id: string, revokedAt: number): Promise<void> {
    await this.#orm.update(tokens).set({ revokedAt }).where(eq(tokens.id, id));
  }

  async touch(id: string, lastUsedAt: number): Promise<void> {
    await this.#orm.update(tokens).set({ lastUsedAt }).where(eq(tokens.id, id));
  }

  async any(): Promise<boolean> {
    return (await this.#orm.select({ id: tokens.id }).from(tokens).limit(1)).length > 0;
  }
}

function recordOf({
  ordinal: _,
  expiresAt,
  revokedAt,
  lastUsedAt,
  browsers,
  ...row
}: typeof tokens.$inferSelect): TokenRecord {
  return {
    ...row,
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(revokedAt === null ? {} : { revokedAt }),
    ...(lastUsedAt === null ? {} : { lastUsedAt }),
    ...(browsers === null ? {} : { browsers }),
  };
}
