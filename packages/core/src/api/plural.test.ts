import { describe, expect, it } from "vitest";
import { plural } from "./plural.ts";

describe("a number of things", () => {
  it.each<[string, Parameters<typeof plural>]>([
    ["0 users", [0, "user"]],
    ["1 user", [1, "user"]],
    ["12,345 users", [12_345, "user"]],
    ["1 entry", [1, "entry", "entries"]],
    ["2 entries", [2, "entry", "entries"]],
  ])("is said as %s", (said, given) => {
    expect(plural(...given)).toBe(said);
  });
});
