import { DrizzleQueryError } from "drizzle-orm";
import { StoreError } from "../../ports/store-error.ts";

/** PostgreSQL's own code of a failure (`40001`), or the driver's (`CONNECTION_CLOSED`); undefined for what is neither's. */
export function postgresCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  return error.code;
}

/** What the database or the driver said: drizzle's wrapping shows statements with their values, which may be secret. */
export function unwrapped(error: unknown): unknown {
  return error instanceof DrizzleQueryError ? error.cause : error;
}

/** It got in another transaction's way and was taken back: to be done again. */
export function isContended(error: unknown): boolean {
  const code = postgresCode(error);
  return code === "40001" || code === "40P01";
}

/** Codes for waiting too long, or for too many connections. */
const BUSY = new Set(["55P03", "57014", "53300", "53400"]);

/** Codes for a connection that isn't there any more. */
const GONE = new Set([
  ..."57P01 57P02 57P03 57P05 25P03 08000 08003 08006 08001 08004 08P01".split(" "),
  ..."CONNECTION_CLOSED CONNECTION_ENDED CONNECTION_DESTROYED CONNECT_TIMEOUT".split(" "),
  ..."ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN".split(" "),
]);

/** The connection isn't there any more. */
export function isGone(error: unknown): boolean {
  return GONE.has(postgresCode(error) ?? "");
}

const READ_ONLY = "25006";

/** A failure of the database as the store tells it; everything else as it is. */
export function storeFailure(error: unknown): unknown {
  const code = postgresCode(error);
  if (code === undefined || error instanceof StoreError) return error;
  if (code === "53100") return diskFull(error);
  if (code === READ_ONLY) return unreachable("this server of it takes no writes: a standby", error);
  if (BUSY.has(code)) return busy(error);
  return isGone(error) ? unreachable(code, error) : error;
}

/** What to say when the connection is lost: a write that was under way may have been done. */
export function unreachable(why: string, cause?: unknown): StoreError {
  return new StoreError("STORE_UNREACHABLE", {
    message: `PostgreSQL can't be reached (${why})`,
    hint: "Look whether it is up and lets this server in. A write that was under way may be stored: look before you repeat it. Streams go on, and kills reach the clients of this server.",
    cause,
  });
}

/** What to say when others were first for too long. */
export function busy(cause?: unknown): StoreError {
  return new StoreError("STORE_BUSY", {
    message: "PostgreSQL is held up, or too many writes are waiting for it; nothing was written",
    hint: "Try again in a moment. If it lasts, look at pg_stat_activity for who holds a lock, and at max_connections.",
    cause,
  });
}

function diskFull(cause: unknown): StoreError {
  return new StoreError("DISK_FULL", {
    message: "no space is left on the disk of PostgreSQL; nothing was written",
    hint: "Make room there. Reads go on, and kills reach connected clients.",
    cause,
  });
}
