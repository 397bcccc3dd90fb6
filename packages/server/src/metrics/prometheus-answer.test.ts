import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readAnswer } from "./prometheus-answer.ts";

const vector = (...values: readonly (readonly [Record<string, string>, string])[]) =>
  JSON.stringify({
    status: "success",
    data: { resultType: "vector", result: values.map(([metric, value]) => ({ metric, value: [1.5, value] })) },
  });

describe("a Prometheus answer", () => {
  it("with one series is its value", () => {
    expect(readAnswer(vector([{}, "0.25"]))).toEqual({ kind: "points", points: [{ atMs: 1500, value: 0.25 }] });
  });

  it("that is a scalar is its value", () => {
    expect(readAnswer(JSON.stringify({ status: "success", data: { resultType: "scalar", result: [2, "7"] } }))).toEqual(
      { kind: "points", points: [{ atMs: 2000, value: 7 }] },
    );
  });

  it("with several series is a mistake in the query, and says which series", () => {
    expect(readAnswer(vector([{ pod: "a" }, "1"], [{ pod: "b" }, "2"]))).toMatchObject({
      kind: "wrong",
      cause: "configuration",
      reason: expect.stringContaining('pod="a"'),
    });
  });

  it("without series is empty, which is not zero", () => {
    expect(readAnswer(vector())).toEqual({ kind: "empty" });
  });

  it.each([
    ["NaN", Number.NaN],
    ["+Inf", Number.POSITIVE_INFINITY],
    ["-Inf", Number.NEGATIVE_INFINITY],
    ["", Number.NaN],
  ])("reads %s as what it is", (text, value) => {
    expect(readAnswer(vector([{}, text]))).toEqual({ kind: "points", points: [{ atMs: 1500, value }] });
  });

  it("tells a query that Prometheus rejects from a Prometheus in trouble", () => {
    const error = (errorType: string) => JSON.stringify({ status: "error", errorType, error: "no" });
    expect(readAnswer(error("bad_data"))).toMatchObject({ cause: "configuration" });
    expect(readAnswer(error("timeout"))).toMatchObject({ cause: "provider" });
  });

  it("keeps of an error what the query says, but for what may be a secret in it", () => {
    const text = JSON.stringify({ status: "error", errorType: "bad_data", error: 'unexpected "sum_of" near "k3y-1"' });
    expect(readAnswer(text, 'sum_of(errors{key="k3y-1"})')).toMatchObject({
      reason: 'bad_data: unexpected "sum_of" near "[…]"',
    });
  });

  it("of any other text is an error of the provider, never a value", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readAnswer(text).kind).toBe("wrong");
      }),
    );
  });
});
