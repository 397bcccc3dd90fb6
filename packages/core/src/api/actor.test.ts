import { describe, expect, it } from "vitest";
import { actorName } from "./actor.ts";

describe("who did it", () => {
  it.each([
    ["token:ab12 (Jane)", "Jane"],
    ["token:ab12 (CI (nightly))", "CI (nightly)"],
    ["token:ab12", "token:ab12"],
    ["rollout:r-1", "rollout:r-1"],
    ["dev", "dev"],
  ])("%s is %s", (actor, name) => {
    expect(actorName(actor)).toBe(name);
  });
});
