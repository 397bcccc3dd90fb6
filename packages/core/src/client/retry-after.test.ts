import { expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const NOW = Date.parse("2026-01-05T02:00:00Z");

it.each([
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5_000],
  ["Mon, 05 Jan 2026 02:00:30 GMT", 30_000],
  ["Mon, 05 Jan 2026 01:00:00 GMT", 0],
])("reads Retry-After: %s", (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});

it.each([undefined, "", "-1", "1.5", "soon", "12345678901", "2026-01-05"])("asks for nothing given %s", (header) => {
  expect(retryAfterMs(header, NOW)).toBeUndefined();
});
