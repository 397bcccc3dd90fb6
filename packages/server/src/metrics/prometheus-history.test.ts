import { describe, expect, it } from "vitest";
import type { Metric } from "../domain/plan/types.ts";
import type { Egress, EgressRequest, EgressResult } from "../ports/egress.ts";
import { createPrometheusHistory, historyAt, PIECE_SAMPLINGS } from "./prometheus-history.ts";
import { historyWithVariables } from "./with-variables.ts";

const FROM = 1_767_571_200_000;
const EVERY = 10_000;
const METRIC: Metric = {
  name: "errors",
  unit: "ratio",
  source: {
    kind: "prometheus",
    url: "http://prometheus.example:9090/",
    query: "errors",
    headers: { authorization: "Bearer ${TOKEN}" },
  },
};

interface SeriesOfTest {
  readonly labels?: { readonly [name: string]: string };
  /** Undefined: no point there. */
  readonly says: (at: number) => string | undefined;
}

/** A Prometheus that answers ranges from functions of time. */
function prometheus(...series: readonly SeriesOfTest[]) {
  const asked: {
    readonly start: number;
    readonly end: number;
    readonly step: number;
    readonly request: EgressRequest;
  }[] = [];
  const egress: Egress = {
    async send(request) {
      const fields = new URLSearchParams(request.body);
      const [start = 0, end = 0, step = 1] = ["start", "end", "step"].map((name) => Number(fields.get(name)));
      asked.push({ start, end, step, request });
      const result = series.map(({ labels = {}, says }) => {
        const values: [number, string][] = [];
        for (let at = start; at <= end; at += step) {
          const value = says(at * 1000);
          if (value !== undefined) values.push([at, value]);
        }
        return { metric: labels, values };
      });
      return answer(200, {
        status: "success",
        data: { resultType: "matrix", result: result.filter(({ values }) => values.length > 0) },
      });
    },
  };
  return { egress, asked };
}

const answer = (status: number, body: unknown): EgressResult => ({
  kind: "answer",
  status,
  headers: {},
  body: typeof body === "string" ? body : JSON.stringify(body),
  durationMs: 1,
});
const always = (result: EgressResult): Egress => ({ send: async () => result });
const grid = (samplings: number) => ({ from: FROM, to: FROM + (samplings - 1) * EVERY, everyMs: EVERY });

async function changesOf(egress: Egress, samplings: number) {
  const past = await createPrometheusHistory({ egress }).read(METRIC, grid(samplings));
  if (past.kind === "failed") throw new Error(past.reason);
  return past.changes.map(({ at, sample }) => [
    (at - FROM) / EVERY,
    sample.kind === "value" ? sample.value : sample.kind,
  ]);
}

describe("the history of Prometheus", () => {
  it("is what each sampling would have seen, and only where that changes", async () => {
    const { egress } = prometheus({
      says: (at) => {
        const index = (at - FROM) / EVERY;
        if (index >= 3 && index < 5) return undefined;
        if (index === 6) return "NaN";
        if (index === 7) return "+Inf";
        return index < 3 ? "0.5" : "0.25";
      },
    });
    expect(await changesOf(egress, 10)).toEqual([
      [0, 0.5],
      [3, "noData"],
      [5, 0.25],
      [6, "noData"],
      [7, "noData"],
      [8, 0.25],
    ]);
  });

  it("is an error where there are several series at one instant, and a value where there is one of them", async () => {
    const { egress } = prometheus(
      { labels: { pod: "a" }, says: (at) => (at < FROM + 2 * EVERY ? "1" : undefined) },
      { labels: { pod: "b" }, says: (at) => (at >= FROM + EVERY ? "2" : undefined) },
    );
    expect(await changesOf(egress, 4)).toEqual([
      [0, 1],
      [1, "error"],
      [2, 2],
    ]);
  });

  it("is asked for in pieces that any server answers, without a gap or a doubled sample between them", async () => {
    const { egress, asked } = prometheus({ says: String });
    const samplings = 2 * PIECE_SAMPLINGS + 1;
    expect((await changesOf(egress, samplings)).map(([index]) => index)).toEqual(
      Array.from({ length: samplings }, (_, index) => index),
    );
    expect(asked.map(({ start, end, step }) => (end - start) / step + 1)).toEqual([
      PIECE_SAMPLINGS,
      PIECE_SAMPLINGS,
      1,
    ]);
    expect(asked[0]?.request).toMatchObject({
      method: "POST",
      url: "http://prometheus.example:9090/api/v1/query_range",
    });
  });

  it("says why it can't be had, and what to do", async () => {
    const reason = async (result: EgressResult) => {
      const past = await createPrometheusHistory({ egress: always(result) }).read(METRIC, grid(2));
      return past.kind === "failed" ? `${past.reason}; ${past.hint}` : "";
    };
    const error = (errorType: string, text: string) => ({ status: "error", errorType, error: text });
    expect(await reason(answer(400, error("bad_data", "parse error: unclosed left parenthesis")))).toMatch(
      /^the server answered 400: .*parse error: unclosed left parenthesis; try the query/,
    );
    expect(await reason(answer(503, error("timeout", "query timed out in expression evaluation")))).toMatch(
      /^the server answered 503: timeout: query timed out in expression evaluation; sample more rarely/,
    );
    expect(await reason(answer(400, error("bad_data", 'unknown function with name "errors", "s3cr3t"')))).toBe(
      'the server answered 400: bad_data: unknown function with name "errors", "[…]"; try the query in Prometheus\' own console',
    );
    expect(await reason(answer(401, "no"))).toBe("the server answered 401; check the metric's headers");
    expect(await reason(answer(200, "<html>"))).toMatch(/^the answer is not one of Prometheus's query API; check/);
    expect(await reason({ kind: "failed", cause: "timeout", reason: "no whole answer within 30000 ms" })).toMatch(
      /^no whole answer within 30000 ms; sample more rarely/,
    );
    expect(await reason({ kind: "refused", reason: "it is private", hint: "allow it" })).toBe(
      "it is private; allow it",
    );
  });

  it("stops at the first piece that fails: a part of the past is not the past", async () => {
    const { egress, asked } = prometheus({ says: () => "1" });
    const failing: Egress = {
      send: (request) => (asked.length === 1 ? Promise.resolve(answer(500, "")) : egress.send(request)),
    };
    const past = await createPrometheusHistory({ egress: failing }).read(METRIC, grid(3 * PIECE_SAMPLINGS));
    expect(past.kind).toBe("failed");
  });

  it("needs a server to ask", async () => {
    const { url: _, ...source } = METRIC.source as Extract<Metric["source"], { kind: "prometheus" }>;
    const nameless = { ...METRIC, source };
    expect(await createPrometheusHistory({ egress: always(answer(200, "")) }).read(nameless, grid(2))).toMatchObject({
      kind: "failed",
      reason: "no Prometheus server is named",
    });
    const { egress, asked } = prometheus({ says: () => "1" });
    await createPrometheusHistory({ egress, defaultUrl: "http://own.example" }).read(nameless, grid(2));
    expect(asked[0]?.request.url).toBe("http://own.example/api/v1/query_range");
  });

  it("is asked for with the plan's variables, or names those that are missing; another server can be named for all", async () => {
    const { egress, asked } = prometheus({ says: () => "1" });
    const plain = createPrometheusHistory({ egress });
    await historyWithVariables(plain, () => "secret").read(METRIC, grid(2));
    expect(asked[0]?.request.headers).toMatchObject({ authorization: "Bearer secret" });
    expect(await historyWithVariables(plain, () => undefined).read(METRIC, grid(2))).toMatchObject({
      kind: "failed",
      reason: "${TOKEN} is not set",
    });
    await historyAt(plain, "http://other.example").read(METRIC, grid(2));
    expect(asked[1]?.request.url).toBe("http://other.example/api/v1/query_range");
  });
});
