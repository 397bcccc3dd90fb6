import { describe, expect, it } from "vitest";
import { withoutFigures } from "./words.ts";

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
