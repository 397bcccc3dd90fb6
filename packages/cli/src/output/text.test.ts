import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pad, printable, truncate, widthOf } from "./text.ts";

describe("text on a terminal", () => {
  it.each([
    ["abc", 3],
    ["über", 4],
    ["e\u0301", 1],
    ["日本", 4],
    ["한국", 4],
    ["👩‍👩‍👧", 2],
    ["❤️", 2],
    ["…", 1],
  ])("takes the columns that it is drawn in: %s", (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  it("is cut at a whole character, with an ellipsis in the place of what is missing", () => {
    expect(truncate("checkout", 8)).toBe("checkout");
    expect(truncate("checkout", 5)).toBe("chec…");
    expect(truncate("日本語", 4)).toBe("日…");
    expect(truncate("abc", 1)).toBe("…");
  });

  it("never gets wider by being cut, and fills what it is padded to", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (raw, columns) => {
        const cut = truncate(printable(raw), columns);
        expect(widthOf(cut)).toBeLessThanOrEqual(columns);
        expect(widthOf(pad(cut, columns))).toBe(columns);
      }),
    );
  });

  it("shows control characters instead of obeying them, so that a flag's description can't steer the terminal", () => {
    expect(printable("a\u001b[31mred\u0007")).toBe("a\\u001b[31mred\\u0007");
    expect(printable("two\nlines")).toBe("two\\u000alines");
    expect(printable("right\u202eto left")).toBe("right\\u202eto left");
    expect(printable("ünïcödé 日本")).toBe("ünïcödé 日本");
  });
});
