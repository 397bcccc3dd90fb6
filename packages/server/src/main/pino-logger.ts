import { pino, stdTimeFunctions } from "pino";
import type { DestinationStream } from "pino";
import { scrubPatterns, type Scrub } from "../domain/secrets/scrub.ts";
import type { LogFields, Logger } from "../ports/logger.ts";

/** From the most talkative to none at all. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
/** One of `LOG_LEVELS`. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Fields that hold secrets by their name. */
const SECRET_FIELDS = ["authorization", "token", "password", "secret", "apiKey", "cookie"];

/** JSON lines on `destination`, standard error by default. Every line goes through `scrub`. */
export function createLogger(
  level: LogLevel,
  {
    destination = process.stderr,
    scrub = scrubPatterns,
  }: { readonly destination?: DestinationStream; readonly scrub?: Scrub } = {},
): Logger {
  const log = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `headers["x-api-key"]`]),
        censor: "[secret]",
      },
    },
    { write: (line: string) => destination.write(scrub(line)) },
  );
  return {
    debug: (fields: LogFields, message: string) => log.debug(fields, message),
    info: (fields: LogFields, message: string) => log.info(fields, message),
    warn: (fields: LogFields, message: string) => log.warn(fields, message),
    error: (fields: LogFields, message: string) => log.error(fields, message),
  };
}
