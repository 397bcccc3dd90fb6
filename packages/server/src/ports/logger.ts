/** Facts of a log line. Values are JSON; secrets don't belong here, and known ones are scrubbed on the way out. */
export interface LogFields {
  readonly [field: string]: unknown;
}

/** A structured log, one JSON object a line. `error` is for what an operator should look at. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
