import { describe, expect, it } from "vitest";
import { whyWords, withoutFigures } from "./words.ts";

describe("what is read out of a verdict", () => {
  it("is the same while its times and values move", () => {
    const at = (left: string, held: string, value: string): string =>
      withoutFigures(`Holding at quarter (25 %): p95 ${value} >= 400ms for ${held} of 2m, ${left} left.`);
    expect(at("1h5m", "1m20s", "412ms")).toBe(at("59m58s", "59s", "1.2s"));
  });

  it("is another one when something else is waited for", () => {
    expect(withoutFigures("Running canary (5 %): waits for 3m more of 30m.")).not.toBe(
      withoutFigures("Running canary (5 %): waits for 3m more of 30m and p95 < 500ms."),
    );
  });
});

describe("why something happened", () => {
  it("is not a second name of the stage that it happened to", () => {
    const cause = { kind: "stage", subject: "canary" };
    expect(whyWords({ event: "stageDone", stage: "canary", cause })).toEqual([]);
    expect(whyWords({ event: "stageStarted", stage: "half", cause })).toEqual(["canary is done"]);
    const late = { kind: "timeout", subject: "canary" };
    expect(whyWords({ event: "timedOut", stage: "canary", cause: late })).toEqual([]);
    expect(whyWords({ event: "rollbackStarted", stage: "canary", cause: late })).toEqual(["canary is out of time"]);
  });

  it("is what the cause says after the event's own words", () => {
    const trigger = { kind: "trigger", subject: "errors", condition: "error_rate >= 5%" };
    expect(whyWords({ event: "triggerFired", stage: "half", cause: trigger })).toEqual(["errors", "error_rate >= 5%"]);
    expect(whyWords({ event: "rollbackStarted", stage: "half", cause: trigger })).toEqual([
      "trigger errors",
      "error_rate >= 5%",
    ]);
  });

  it("is who gave a command, and the reason, not the command once more", () => {
    const cause = { kind: "command", subject: "pause", by: "token:ab12 (Jane)", reason: "a look" };
    expect(whyWords({ event: "paused", stage: "half", cause })).toEqual(["by Jane", "a look"]);
    expect(whyWords({ event: "started", stage: null })).toEqual([]);
  });
});
