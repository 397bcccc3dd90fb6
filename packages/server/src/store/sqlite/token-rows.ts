import { eq, sql } from "drizzle-orm";
import type { TokenRecord } from "../../ports/store.ts";
import { tokens } from "./schema.ts";
import type { Session } from "./session.ts";

/** The stored halves of tokens. */
export class TokenRows {
  readonly #orm: Session["orm"];
  readonly #get;
  readonly #byHash;

  constructor({ orm }: Session) {
    this.#orm = orm;
    // Every request asks for its token.
    this.#get = orm
      .select()
      .from(tokens)
      .where(eq(tokens.id, sql.placeholder("id")))
      .prepare();
    this.#byHash = orm
      .select()
      .from(tokens)
      .where(eq(tokens.hash, sql.placeholder("hash")))
      .prepare();
  }

  /** In the order in which they were made. */
  all(): readonly TokenRecord[] {
    return this.#orm
      .select()
      .from(tokens)
      .orderBy(sql`rowid`)
      .all()
      .map(recordOf);
  }

  get(id: string): TokenRecord | undefined {
    const row = this.#get.get({ id });
    return row === undefined ? undefined : recordOf(row);
  }

  byHash(hash: string): TokenRecord | undefined {
    const row = this.#byHash.get({ hash });
    return row === undefined ? undefined : recordOf(row);
  }

  insert(token: TokenRecord): void {
    this.#orm.insert(tokens).values(token).run();
  }

  revoke(id: string, revokedAt: number): void {
    this.#orm.update(tokens).set({ revokedAt }).where(eq(tokens.id, id)).run();
  }

  touch(id: string, lastUsedAt: number): void {
    this.#orm.update(tokens).set({ lastUsedAt }).where(eq(tokens.id, id)).run();
  }

  any(): boolean {
    return this.#orm.select({ id: tokens.id }).from(tokens).limit(1).get() !== undefined;
  }
}

function recordOf({ expiresAt, revokedAt, lastUsedAt, browsers, ...row }: typeof tokens.$inferSelect): TokenRecord {
  return {
    ...row,
    ...(expiresAt === null ? {} : { expiresAt }),
    ...(revokedAt === null ? {} : { revokedAt }),
    ...(lastUsedAt === null ? {} : { lastUsedAt }),
    ...(browsers === null ? {} : { browsers }),
  };
}
