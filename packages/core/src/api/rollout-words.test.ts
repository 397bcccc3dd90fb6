import { describe, expect, it } from "vitest";
import { rolloutCauseWords, rolloutEventWords } from "./rollout-words.ts";

describe("a cause in words", () => {
  it("says what sort of thing did it, unless the event has said so", () => {
    const approval = { kind: "approval", subject: "cto" };
    expect(rolloutCauseWords(approval, "stageStarted")).toBe("approval by cto");
    expect(rolloutCauseWords(approval, "approved")).toBe("cto");
    expect(rolloutCauseWords({ kind: "noData", subject: "p95" })).toBe("no data of p95");
    expect(rolloutCauseWords({ kind: "noData", subject: "p95" }, "noData")).toBe("p95");
  });

  it("names the first two of many criteria", () => {
    const three = "a < 1; b < 1; c < 1";
    expect(rolloutCauseWords({ kind: "criterion", subject: three })).toBe(three);
    expect(rolloutCauseWords({ kind: "criterion", subject: `${three}; d < 1` })).toBe(
      "a < 1; b < 1 and 2 more criteria",
    );
  });

  it("keeps the names of kinds and events that a newer server knows", () => {
    expect(rolloutCauseWords({ kind: "constructor", subject: "x" })).toBe("constructor x");
    expect(rolloutEventWords("constructor")).toBe("constructor");
  });
});
