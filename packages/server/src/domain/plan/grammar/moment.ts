import { parseDuration } from "./duration.ts";
import { parsed, refused, type Parsed } from "./parsed.ts";

/** What editors check a moment with. */
export const MOMENT_PATTERN = "^(?:[+-](?:\\d+(?:\\.\\d+)?(?:ms|[dhms]))+|0s)$";

/** A time before (`-2h`) or after (`+24h`) something, in milliseconds; `0s` is the thing itself. */
export function parseMoment(source: string): Parsed<number> {
  const text = source.trim();
  if (/^[+-]?0(?:ms|[dhms])$/.test(text)) return parsed(0);
  const sign = text.startsWith("-") ? -1 : text.startsWith("+") ? 1 : undefined;
  const duration = parseDuration(sign === undefined ? text : text.slice(1));
  if (!duration.ok)
    return refused(
      `${JSON.stringify(source)} is not a moment`,
      "write a duration with its sign: -2h is two hours before, +24h a day after, 0s the moment itself",
    );
  if (sign === undefined)
    return refused(
      `${JSON.stringify(source)} does not say whether it is before or after`,
      `write +${text} or -${text}`,
    );
  return parsed(sign * duration.value);
}
