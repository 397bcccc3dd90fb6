import { describe, expect, it } from "vitest";
import { actionWords } from "./actor.ts";

describe("the audit's words for people", () => {
  it.each([
    ["flag.rolledBack", "Flag rolled back"],
    ["console.signedIn", "Console signed in"],
  ])("%s is %s", (action, words) => {
    expect(actionWords(action)).toBe(words);
  });
});
