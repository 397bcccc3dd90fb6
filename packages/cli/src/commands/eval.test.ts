import type { ExplainedEvaluation } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi } from "../testing/fake-api.ts";
import { rampart } from "../testing/fake-io.ts";
import { bucketPercentage } from "./eval.ts";

const EVALUATE = "POST /api/v1/environments/production/evaluate";

const ANSWER: ExplainedEvaluation = {
  flagKey: "checkout",
  value: true,
  variant: "on",
  reason: "SPLIT",
  revision: 42,
  bucket: 12_345,
  steps: [
    { step: "enabled", outcome: "yes" },
    { step: "rule germans", outcome: "no match" },
    { step: "fallthrough 25 %", outcome: "on: bucket 12345 is below 25000" },
  ],
};

async function evaluate(argv: readonly string[], body: ExplainedEvaluation = ANSWER) {
  const api = await fakeApi({ [EVALUATE]: { body } });
  return { ...(await rampart(["eval", ...argv, "--url", api.url])), seen: api.seen };
}

describe("eval", () => {
  it("says what the user gets, by which bucket, and every step on the way", async () => {
    const { code, stdout } = await evaluate(["checkout", "user-42"]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "flag         checkout",
        "environment  production",
        "user         user-42",
        "gets         on (true)",
        "reason       SPLIT",
        "bucket       12,345 of 100,000: in from 12.346 % on",
        "revision     42",
        "",
        "  enabled           yes",
        "  rule germans      no match",
        "→ fallthrough 25 %  on: bucket 12345 is below 25000",
        "",
      ].join("\n"),
    );
  });

  it("names the rule that decided, and shows the attributes that it was asked with", async () => {
    const { stdout } = await evaluate(["checkout", "u", "--attr", "country=de"], {
      ...ANSWER,
      reason: "TARGETING_MATCH",
      ruleId: "germans",
    });
    expect(stdout).toContain("rule         germans");
    expect(stdout).toContain('context      {"country":"de","targetingKey":"u"}');
  });

  it("sends attributes from --context and --attr, the latter before the former, and the id before both", async () => {
    const { seen } = await evaluate([
      "checkout",
      "u",
      "--context",
      '{"country":"at","age":7,"targetingKey":"x"}',
      "--attr",
      "country=de",
      "--attr",
      'zip="04109"',
      "--attr",
      "vip=true",
    ]);
    expect(seen[0]?.body).toEqual({
      flag: "checkout",
      context: { country: "de", age: 7, zip: "04109", vip: true, targetingKey: "u" },
    });
  });

  it("prints exactly the API's object as JSON", async () => {
    expect(JSON.parse((await evaluate(["checkout", "u", "--json"])).stdout)).toEqual(ANSWER);
  });

  it("ends with 3 for a flag that does not exist, and with 1 for one that can't be evaluated", async () => {
    const failed = { flagKey: "checkout", value: null, reason: "ERROR", errorMessage: "why", revision: 42, steps: [] };
    expect((await evaluate(["checkout", "u"], { ...failed, errorCode: "FLAG_NOT_FOUND" })).code).toBe(3);
    expect((await evaluate(["checkout", "u"], { ...failed, errorCode: "PARSE_ERROR" })).code).toBe(1);
  });

  it.each([
    [["--context", "{"], "--context is not JSON"],
    [["--context", "[1]"], "--context must hold a JSON object"],
    [["--attr", "country"], "not of the form name=value"],
  ])("refuses %j before anything is sent", async (argv, message) => {
    const { code, stderr, seen } = await evaluate(["checkout", "u", ...argv]);
    expect({ code, seen }).toEqual({ code: 2, seen: [] });
    expect(stderr).toContain(message);
  });
});

describe("the percentage from which a bucket is in", () => {
  it.each([
    [0, 0.001],
    [24_999, 25],
    [25_000, 25.001],
    [99_999, 100],
  ])("of bucket %i is %f", (bucket, percentage) => {
    expect(bucketPercentage(bucket)).toBe(percentage);
  });
});
