/** What keeps the store from doing its work. Stable: they are in the API and in the log. */
export type StoreErrorCode =
  /** The folder can't be made, isn't a folder, or can't be written. */
  | "DATA_FOLDER_UNUSABLE"
  /** Another server has the folder. */
  | "DATA_FOLDER_IN_USE"
  /** The database is damaged, or it isn't one, or it belongs to another program. */
  | "DATABASE_DAMAGED"
  /** A newer version of Rampart has written the database. */
  | "DATABASE_NEWER"
  /** No space is left; nothing was written. */
  | "DISK_FULL"
  /** Somebody else held the database for too long, or too many writes were waiting; nothing was written. */
  | "STORE_BUSY"
  /** The database can't be reached; a write that was under way may be stored. */
  | "STORE_UNREACHABLE";

/** A failure of the place where everything is kept: not the caller's fault, and not a bug either. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;
  /** What to do about it. */
  readonly hint: string;

  constructor(
    code: StoreErrorCode,
    what: { readonly message: string; readonly hint: string; readonly cause?: unknown },
  ) {
    super(what.message, what.cause === undefined ? {} : { cause: what.cause });
    this.code = code;
    this.hint = what.hint;
  }
}
