import { pino, stdTimeFunctions } from "pino";
import type { DestinationStream } from "pino";
import type { LogFields, Logger } from "../ports/logger.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Tokens of this server, wherever they turn up in a text. */
const TOKEN_TEXT = /rmp_(admin|operator|viewer|server|client|ci)_([a-z0-9-]{1,32})_[\w-]{4,}/g;

/** Fields that hold secrets by their name. */
const SECRET_FIELDS = ["authorization", "token", "password", "secret", "apiKey", "cookie"];

/** JSON lines on `destination` (standard error by default), with secrets taken out. */
export function createLogger(level: LogLevel, destination: DestinationStream): Logger {
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
    { write: (line: string) => destination.write(line.replaceAll(TOKEN_TEXT, "rmp_$1_$2_[secret]")) },
  );
  return {
    debug: (fields: LogFields, message: string) => log.debug(fields, message),
    info: (fields: LogFields, message: string) => log.info(fields, message),
    warn: (fields: LogFields, message: string) => log.warn(fields, message),
    error: (fields: LogFields, message: string) => log.error(fields, message),
  };
}
