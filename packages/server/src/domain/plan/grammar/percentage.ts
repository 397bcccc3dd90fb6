import { parsed, refused, type Parsed } from "./parsed.ts";

/** What editors check a percentage that is written as text with. */
export const PERCENTAGE_PATTERN = "^\\d+(?:\\.\\d{1,3})?%$";

const ALLOWED = "a number up to 100 with at most three decimals, for example 5, 12.5 or 0.001";

/** `5`, `12.5`, `"5%"`: 0…100 with at most three decimals, which is as fine as buckets are. */
export function parsePercentage(value: number | string): Parsed<number> {
  const number = typeof value === "number" ? value : numberOf(value);
  const shown = JSON.stringify(value);
  if (number === undefined) return refused(`${shown} is not a percentage`, ALLOWED);
  if (!Number.isFinite(number) || number < 0 || number > 100)
    return refused(`${shown} is not between 0 and 100`, ALLOWED);
  if (Number(number.toFixed(3)) !== number)
    return refused(`${shown} has more than three decimals`, `buckets are 0.001 % wide: write ${number.toFixed(3)}`);
  return parsed(number);
}

function numberOf(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

/** How much worse or better is tolerated, as a ratio of at least 1: `25%` is 1.25. */
export function parseMargin(value: number | string): Parsed<number> {
  const match = typeof value === "string" ? /^\s*(\d+(?:\.\d+)?)\s*%\s*$/.exec(value) : undefined;
  if (match?.[1] === undefined)
    return refused(`${JSON.stringify(value)} is not a margin`, "write a percentage with its sign, for example 25%");
  const ratio = 1 + Number(match[1]) / 100;
  if (ratio > 100) return refused(`${JSON.stringify(value)} tolerates anything`, "the most is 9900%; 25% is usual");
  return parsed(Number(ratio.toFixed(6)));
}
