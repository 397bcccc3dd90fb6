import { describe, expect, it } from "vitest";
import { measure } from "./measure.ts";

describe("a metric's number", () => {
  it("is written with its unit, as plans write it", () => {
    expect(measure(0.002, "ratio")).toBe("0.2%");
    expect(measure(12.34567, "percent")).toBe("12.35%");
    expect(measure(0.48, "seconds")).toBe("480ms");
    expect(measure(1.2, "seconds")).toBe("1.2s");
    expect(measure(412, "milliseconds")).toBe("412ms");
  });

  it("keeps every digit of a whole number: nobody counts roughly", () => {
    expect(measure(123_456, "count")).toBe("123456");
    expect(measure(1234.567, "none")).toBe("1235");
  });
});
