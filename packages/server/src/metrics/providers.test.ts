import { describe, expect, it } from "vitest";
import type { Metric, MetricSource } from "../domain/plan/types.ts";
import type { Egress, EgressRequest, EgressResult } from "../ports/egress.ts";
import { createHttpCheckProvider } from "./http-check.ts";
import { createPrometheusProvider } from "./prometheus.ts";

const metric = (source: MetricSource): Metric => ({ name: "m", unit: "ratio", source });
const prometheus = metric({
  kind: "prometheus",
  url: "http://prometheus.example:9090/",
  query: "up",
  headers: { authorization: "Bearer t" },
});
const check = (
  measure: Extract<MetricSource, { kind: "http" }>["measure"],
  expectBody?: { pointer: string; equals: string },
) =>
  metric({
    kind: "http",
    url: "https://portal.example/health",
    method: "GET",
    headers: {},
    expect: { status: [200], ...(expectBody ? { body: expectBody } : {}) },
    measure,
    everyMs: 1000,
  });

function answering(...results: readonly EgressResult[]): Egress & { readonly sent: EgressRequest[] } {
  const sent: EgressRequest[] = [];
  return {
    sent,
    async send(request) {
      sent.push(request);
      const result = results[Math.min(sent.length, results.length) - 1];
      if (!result) throw new Error("no answer is prepared");
      return result;
    },
  };
}

const answer = (status: number, body: string): EgressResult => ({
  kind: "answer",
  status,
  headers: {},
  body,
  durationMs: 120,
});
const value = (text: string) =>
  answer(
    200,
    JSON.stringify({ status: "success", data: { resultType: "vector", result: [{ metric: {}, value: [100, text] }] } }),
  );
const TIMEOUT: EgressResult = { kind: "failed", cause: "timeout", reason: "no whole answer within 2000 ms" };

/** These sources ask for no flag. */
const SUBJECT = { environment: "production", flag: "new-search" };

describe("the Prometheus provider", () => {
  it("asks for the round's instant, with the metric's headers", async () => {
    const egress = answering(value("0.5"));
    expect(await createPrometheusProvider({ egress }).sample(prometheus, 100_500, SUBJECT)).toMatchObject({
      kind: "value",
      value: 0.5,
      observedAt: 100_000,
    });
    expect(egress.sent[0]).toMatchObject({
      url: "http://prometheus.example:9090/api/v1/query",
      headers: { authorization: "Bearer t" },
    });
    expect(new URLSearchParams(egress.sent[0]?.body).get("time")).toBe("100.500");
  });

  it.each(["NaN", "+Inf", "-Inf"])("gives no data for %s", async (text) => {
    expect(
      await createPrometheusProvider({ egress: answering(value(text)) }).sample(prometheus, 0, SUBJECT),
    ).toMatchObject({
      kind: "noData",
    });
  });

  it("tells a server in trouble from a wrong setting", async () => {
    const sample = (result: EgressResult) =>
      createPrometheusProvider({ egress: answering(result) }).sample(prometheus, 0, SUBJECT);
    expect(await sample(answer(503, "overloaded"))).toMatchObject({ kind: "error", cause: "provider" });
    expect(await sample(answer(401, ""))).toMatchObject({ kind: "error", cause: "configuration" });
    expect(await sample(TIMEOUT)).toMatchObject({ kind: "error", cause: "provider" });
    expect(await sample({ kind: "refused", reason: "private", hint: "allow it" })).toMatchObject({
      kind: "error",
      cause: "configuration",
    });
  });

  it("takes the mean of what it saw as the baseline, without what is not a number", async () => {
    const matrix = answer(
      200,
      JSON.stringify({
        status: "success",
        data: {
          resultType: "matrix",
          result: [
            {
              metric: {},
              values: [
                [1, "1"],
                [2, "NaN"],
                [3, "3"],
              ],
            },
          ],
        },
      }),
    );
    expect(
      await createPrometheusProvider({ egress: answering(matrix) }).baseline(
        prometheus,
        { from: 0, to: 3_600_000 },
        SUBJECT,
      ),
    ).toMatchObject({ kind: "value", value: 2 });
  });

  it("says what to do when no server is named", async () => {
    const nameless = metric({ kind: "prometheus", query: "up", headers: {} });
    expect(await createPrometheusProvider({ egress: answering() }).sample(nameless, 0, SUBJECT)).toMatchObject({
      kind: "error",
      reason: expect.stringContaining("RAMPART_PROMETHEUS_URL"),
    });
  });
});

describe("the HTTP check", () => {
  it("gives the share of good answers over its window, and counts no answer as a bad one", async () => {
    const provider = createHttpCheckProvider({
      egress: answering(answer(200, ""), TIMEOUT, answer(500, ""), answer(200, "")),
    });
    const success = check({ kind: "success", windowMs: 3500 });
    const seen = [];
    for (const at of [0, 1000, 2000, 3000]) seen.push(await provider.sample(success, at, SUBJECT));
    expect(seen.map((one) => (one.kind === "value" ? one.value : one.kind))).toEqual([1, 1 / 2, 1 / 3, 1 / 2]);
    expect(await provider.sample(success, 5000, SUBJECT)).toMatchObject({ kind: "value", value: 2 / 3 });
  });

  it("asks no more often than told, and gives what it knows in between", async () => {
    const egress = answering(answer(200, ""), TIMEOUT);
    const provider = createHttpCheckProvider({ egress });
    const success = check({ kind: "success", windowMs: 60_000 });
    await provider.sample(success, 0, SUBJECT);
    expect(await provider.sample(success, 999, SUBJECT)).toMatchObject({ kind: "value", value: 1, observedAt: 0 });
    expect(egress.sent).toHaveLength(1);
    expect(await provider.sample(success, 1000, SUBJECT)).toMatchObject({ value: 0.5 });
  });

  it("asks at each sampling when it is not told how often, so that a breach is not seen half a minute late", async () => {
    const egress = answering(answer(200, ""), TIMEOUT);
    const { everyMs: _, ...source } = check({ kind: "success", windowMs: 60_000 }).source as Extract<
      MetricSource,
      { kind: "http" }
    >;
    const provider = createHttpCheckProvider({ egress });
    await provider.sample(metric(source), 0, SUBJECT);
    expect(await provider.sample(metric(source), 1, SUBJECT)).toMatchObject({ value: 0.5, observedAt: 1 });
  });

  it("reads a number, or a body, at a JSON pointer", async () => {
    const body = JSON.stringify({ breakers: [{ state: "CLOSED", load: 0.7 }] });
    expect(
      await createHttpCheckProvider({ egress: answering(answer(200, body)) }).sample(
        check({ kind: "value", pointer: "/breakers/0/load" }),
        0,
        SUBJECT,
      ),
    ).toMatchObject({ value: 0.7 });
    const expected = check({ kind: "success", windowMs: 1 }, { pointer: "/breakers/0/state", equals: "CLOSED" });
    expect(
      await createHttpCheckProvider({ egress: answering(answer(200, body)) }).sample(expected, 0, SUBJECT),
    ).toMatchObject({
      value: 1,
    });
    expect(
      await createHttpCheckProvider({ egress: answering(answer(200, "{}")) }).sample(expected, 0, SUBJECT),
    ).toMatchObject({
      value: 0,
    });
  });

  it("has no data where no number is, and an error where no answer is", async () => {
    const load = check({ kind: "value", pointer: "/load" });
    expect(
      await createHttpCheckProvider({ egress: answering(answer(200, '{"load":"high"}')) }).sample(load, 0, SUBJECT),
    ).toMatchObject({ kind: "noData" });
    expect(
      await createHttpCheckProvider({ egress: answering(answer(200, '{"__proto__":{"load":1}}')) }).sample(
        load,
        0,
        SUBJECT,
      ),
    ).toMatchObject({ kind: "noData" });
    expect(await createHttpCheckProvider({ egress: answering(TIMEOUT) }).sample(load, 0, SUBJECT)).toMatchObject({
      kind: "error",
      cause: "provider",
    });
  });

  it("measures latency in seconds", async () => {
    expect(
      await createHttpCheckProvider({ egress: answering(answer(200, "")) }).sample(
        check({ kind: "latency" }),
        0,
        SUBJECT,
      ),
    ).toMatchObject({ value: 0.12 });
  });
});
