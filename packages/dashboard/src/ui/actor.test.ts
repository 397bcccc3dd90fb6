import { describe, expect, it } from "vitest";
import { actionWords, nameOf } from "./actor.ts";

describe("the audit's words for people", () => {
  it.each([
    ["token:ab12 (Jane)", "Jane"],
    ["dev", "dev"],
  ])("%s is %s", (actor, name) => {
    expect(nameOf(actor)).toBe(name);
  });

  it.each([
    ["flag.rolledBack", "Flag rolled back"],
    ["console.signedIn", "Console signed in"],
  ])("%s is %s", (action, words) => {
    expect(actionWords(action)).toBe(words);
  });
});
