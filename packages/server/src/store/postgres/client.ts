import { drizzle } from "drizzle-orm/postgres-js";
import postgres, { type Sql } from "postgres";
import { isGone, unreachable, unwrapped } from "./failures.ts";
import type { Session } from "./session.ts";

/** Connections of one server. */
const CONNECTIONS_MAX = 10;

/** How long to wait for a new connection. */
export const CONNECT_TIMEOUT_SECONDS = 5;

/** Connections that live and die together. */
export interface Client {
  readonly orm: Session;
  /** `mode`: as in `BEGIN`. */
  transaction<T>(mode: string, work: (tx: Session) => Promise<T>): Promise<T>;
  /** One of them was lost: take others from now on. */
  isBroken(): boolean;
  end(timeoutSeconds: number): Promise<void>;
}

/** Connections to `url`, each made when it is needed. */
export function connect(url: string): Client {
  let isBroken = false;
  const sql = postgres(url, {
    max: CONNECTIONS_MAX,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    max_lifetime: null,
    // Poolers that hand out another connection for each transaction know nothing of statements prepared on one.
    prepare: false,
    fetch_types: false,
    onnotice: () => undefined,
    onclose: () => (isBroken = true),
    connection: { application_name: "rampart" },
  });
  return {
    orm: drizzle({ client: sql }),
    transaction: (mode, work) => transaction(sql, mode, work),
    isBroken: () => isBroken,
    end: (timeoutSeconds) => sql.end({ timeout: timeoutSeconds }),
  };
}

/**
 * A transaction of the driver's that sends nothing more once its connection is lost. By itself the driver would go on with a ROLLBACK, or with
 * the next statement: into a socket that isn't there any more, which ends the process, or on a new connection, where it stands alone.
 */
async function transaction<T>(sql: Sql, mode: string, work: (tx: Session) => Promise<T>): Promise<T> {
  let isOver = false;
  const guarded = (on: Sql): Sql => {
    const unsafe: Sql["unsafe"] = (...statement) => {
      if (isOver) throw unreachable("the connection was lost in the middle of a transaction");
      return on.unsafe(...statement);
    };
    return { unsafe, options: sql.options } as Sql;
  };
  try {
    const done = await sql.begin(mode, async (on) => {
      try {
        return { value: await work(drizzle({ client: guarded(on as unknown as Sql) })) };
      } catch (error) {
        // The driver ends the whole by itself when the connection is lost: it must not be told that there is something to roll back.
        if (isOver || isGone(unwrapped(error))) return await new Promise<never>(() => undefined);
        throw error;
      }
    });
    return done.value;
  } finally {
    isOver = true;
  }
}
