import { and, eq, gt, lte, ne, sql } from "drizzle-orm";
import { clientLists, clientsAsked } from "./schema.ts";
import type { Session } from "./session.ts";

const NOW = sql`clock_timestamp()`;

/** Whoever wants to know the clients asks again before that. */
const ASKED_LATELY = sql`clock_timestamp() - interval '20 seconds'`;

/** A list that is older says nothing of the present. */
const FRESH = sql`clock_timestamp() - interval '6 seconds'`;

/** Which clients each server has, told only while somebody wants to know. */
export class ClientListRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  /** Asks all servers to say which clients of an environment they have, for the next seconds. */
  async ask(environment: string): Promise<void> {
    await this.#orm
      .insert(clientsAsked)
      .values({ environment, askedAt: NOW })
      .onConflictDoUpdate({ target: clientsAsked.environment, set: { askedAt: NOW } });
  }

  /** Environments of which somebody wants to know. */
  async asked(): Promise<readonly string[]> {
    const { environment, askedAt } = clientsAsked;
    const rows = await this.#orm.select({ environment }).from(clientsAsked).where(gt(askedAt, ASKED_LATELY));
    return rows.map((row) => row.environment);
  }

  async save(environment: string, instance: string, body: Uint8Array): Promise<void> {
    const row = { body: Buffer.from(body), savedAt: NOW };
    await this.#orm
      .insert(clientLists)
      .values({ environment, instance, ...row })
      .onConflictDoUpdate({ target: [clientLists.environment, clientLists.instance], set: row });
    await this.#orm.delete(clientLists).where(lte(clientLists.savedAt, ASKED_LATELY));
  }

  /** What the others say now. */
  ofOthers(
    self: string,
    environment: string,
  ): Promise<readonly { readonly instance: string; readonly body: Buffer }[]> {
    const { instance, body, savedAt } = clientLists;
    return this.#orm
      .select({ instance, body })
      .from(clientLists)
      .where(and(ne(instance, self), eq(clientLists.environment, environment), gt(savedAt, FRESH)));
  }
}
