import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONDITION_PATTERN, parseCondition, parseLiteral } from "./condition.ts";
import { DURATION_MAX_MS, DURATION_PATTERN, formatDuration, parseDuration } from "./duration.ts";
import { MOMENT_PATTERN, parseMoment } from "./moment.ts";
import { parseMargin, parsePercentage } from "./percentage.ts";
import { fillTemplate, variablesOf } from "./template.ts";
import { TIME_PATTERN, parseTimeOfDay, parseTimeZone } from "./window.ts";

describe("a duration", () => {
  it.each([
    ["500ms", 500],
    ["90s", 90_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["24h", 86_400_000],
    ["6d", 518_400_000],
    ["1.5h", 5_400_000],
    ["1d2h3m4s5ms", 93_784_005],
    ["0s", 0],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toEqual({ ok: true, value: ms });
  });

  it.each(["", "10", "10 s", "-5s", "s", "1h1h", "1m1h", "1e3s", "0.0001s", "1,5h", "fünf", "10S", "367d"])(
    "%j is none",
    (text) => {
      expect(parseDuration(text).ok).toBe(false);
    },
  );

  it("is written so that it is read back as it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: DURATION_MAX_MS }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toEqual({ ok: true, value: ms });
      }),
    );
  });

  it("is written as plans write it", () => {
    expect([90_000, 5_400_000, 86_400_000, 172_800_000, 518_400_000, -7_200_000, 0].map(formatDuration)).toEqual([
      "1m30s",
      "1h30m",
      "24h",
      "48h",
      "6d",
      "-2h",
      "0s",
    ]);
  });

  it("is accepted by the pattern that editors have whenever it is accepted here", () => {
    // Four numbers of one digit stay far below the longest duration, which a pattern can't know.
    const part = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom("ms", "s", "m", "h", "d", "x"));
    const texts = fc
      .array(part, { minLength: 0, maxLength: 4 })
      .map((parts) => parts.map(([amount, unit]) => `${amount}${unit}`).join(""));
    fc.assert(
      fc.property(texts, (text) => {
        expect(new RegExp(DURATION_PATTERN).test(text)).toBe(parseDuration(text).ok);
      }),
    );
  });
});

describe("a condition", () => {
  it.each([
    "p95 < 500ms",
    "p95<500ms",
    "error_rate >= 5%",
    "x == 0",
    "x != -1.5",
    "x > 1e-3",
    "lag < 5m",
    "tickets >= baseline",
    "tickets >= baseline + 25%",
    "tickets <= baseline - 3",
    "a.b-c_d > baseline+50ms",
  ])("%s is one, here and in editors", (text) => {
    expect(parseCondition(text).ok).toBe(true);
    expect(text).toMatch(new RegExp(CONDITION_PATTERN));
  });

  it.each([
    "",
    "p95",
    "p95 <",
    "< 5",
    "p95 < x",
    "p95 < 5 ms extra",
    "p95 << 5",
    "p95 = 5",
    "5 < p95",
    "p95 < baseline *2",
    "p95 < baseline + ",
    "p95 < 5%%",
    "p95 < 5d",
    "p95 between 1 and 2",
  ])("%j is none, here and in editors", (text) => {
    expect(parseCondition(text).ok).toBe(false);
    expect(text).not.toMatch(new RegExp(CONDITION_PATTERN));
  });

  it.each([
    ["p95 ≤ 500 milliseconds", 'write "p95 <= 500ms"'],
    ["error rate is above 5 percent", undefined],
    ["error_rate is above 5 percent", 'write "error_rate > 5%"'],
    ["tickets > 1,000", 'write "tickets > 1000"'],
    ["p95 > baseline * 1.25", 'write "p95 > baseline + 25%"'],
    ["p95 > baseline * 1.5", 'write "p95 > baseline + 50%"'],
    ["p95 => 2 seconds", 'write "p95 >= 2s"'],
  ])("%s is mended to %s", (text, hint) => {
    const result = parseCondition(text);
    if (hint === undefined) expect(result.ok ? "" : result.hint).toMatch(/^a condition is/);
    else expect(result.ok ? "" : result.hint).toBe(hint);
  });

  it("has numbers with and without units", () => {
    expect(parseLiteral("200ms")).toEqual({ ok: true, value: { value: 200, unit: "ms", text: "200ms" } });
    expect(parseLiteral(" -3 ")).toMatchObject({ ok: true, value: { value: -3, unit: "plain" } });
    expect(parseLiteral("NaN").ok).toBe(false);
  });
});

describe("a percentage", () => {
  it.each([
    [5, 5],
    ["5%", 5],
    ["12.5 %", 12.5],
    [0.001, 0.001],
    [100, 100],
  ])("%j is %d", (source, value) => {
    expect(parsePercentage(source)).toEqual({ ok: true, value });
  });

  it.each([-1, 100.5, Number.NaN, 0.0001, "5 percent", "", "1e2"])("%j is none", (source) => {
    expect(parsePercentage(source).ok).toBe(false);
  });

  it("as a margin is a ratio", () => {
    expect(parseMargin("25%")).toEqual({ ok: true, value: 1.25 });
    expect(parseMargin("0%")).toEqual({ ok: true, value: 1 });
    expect([parseMargin("25"), parseMargin(25), parseMargin("99999%")].map(({ ok }) => ok)).toEqual([
      false,
      false,
      false,
    ]);
  });
});

describe("a moment", () => {
  it.each([
    ["-2h", -7_200_000],
    ["+24h", 86_400_000],
    ["+1h30m", 5_400_000],
    ["0s", 0],
  ])("%s is %d ms away, here and in editors", (text, ms) => {
    expect(parseMoment(text)).toEqual({ ok: true, value: ms });
    expect(text).toMatch(new RegExp(MOMENT_PATTERN));
  });

  it.each(["2h", "T-2h", "", "+", "-2"])("%j is none", (text) => {
    expect(parseMoment(text).ok).toBe(false);
  });
});

describe("a time of day", () => {
  it.each([
    ["02:00", 120],
    ["9:30", 570],
    ["00:00", 0],
    ["23:59", 1439],
  ])("%s is minute %d", (text, minute) => {
    expect(parseTimeOfDay(text)).toEqual({ ok: true, value: minute });
    expect(text).toMatch(new RegExp(TIME_PATTERN));
  });

  it.each(["24:00", "2", "2:5", "12:60", "noon"])("%j is none", (text) => {
    expect(parseTimeOfDay(text).ok).toBe(false);
  });
});

describe("a time zone", () => {
  it.each(["UTC", "Europe/Istanbul", "America/Argentina/Buenos_Aires"])("%s is one", (name) => {
    expect(parseTimeZone(name).ok).toBe(true);
  });

  it.each(["", "Mars/Olympus", "+03:00", "CEST?", "utc "])("%j is none", (name) => {
    expect(parseTimeZone(name).ok).toBe(false);
  });
});

describe("a template", () => {
  it("names its variables once, in order", () => {
    expect(variablesOf("${B}/${A}/${B}")).toEqual({ ok: true, value: ["B", "A"] });
    expect(variablesOf("no $variable, {none}")).toEqual({ ok: true, value: [] });
  });

  it.each(["${", "${A", "${a}", "${A-B}", "${}"])("%j is none, and its text is not repeated", (text) => {
    const result = variablesOf(text);
    expect(result.ok).toBe(false);
  });

  it("is filled in in one go", () => {
    expect(fillTemplate("${A}${B}", (name) => (name === "A" ? "${B}" : "$1"))).toBe("${B}$1");
  });
});
