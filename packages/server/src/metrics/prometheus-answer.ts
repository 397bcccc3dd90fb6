import { z } from "zod";
import { foreignMessage } from "../domain/secrets/answer.ts";
import { scrubQuery } from "../domain/secrets/plan-text.ts";

const Point = z.tuple([z.number(), z.string()]);
const Answer = z.discriminatedUnion("status", [
  z.object({
    status: z.literal("success"),
    data: z.discriminatedUnion("resultType", [
      z.object({
        resultType: z.literal("vector"),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: Point })),
      }),
      z.object({
        resultType: z.literal("matrix"),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(Point) })),
      }),
      z.object({ resultType: z.literal("scalar"), result: Point }),
      z.object({ resultType: z.literal("string"), result: Point }),
    ]),
  }),
  z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() }),
]);

/** One series' points; a scalar or an instant vector has one. */
export type Reading =
  | { readonly kind: "points"; readonly points: readonly { readonly atMs: number; readonly value: number }[] }
  | { readonly kind: "empty" }
  | { readonly kind: "wrong"; readonly cause: "configuration" | "provider"; readonly reason: string };

/**
 * Reads a Prometheus HTTP API v1 answer (`/api/v1/query`, `/api/v1/query_range`). More than one series is a mistake in the query:
 * which of them was meant can't be guessed, so none is taken.
 */
export function readAnswer(text: string): Reading {
  const parsed = Answer.safeParse(parseJson(text));
  if (!parsed.success)
    return { kind: "wrong", cause: "provider", reason: "the answer is not one of Prometheus's query API" };
  const answer = parsed.data;
  if (answer.status === "error") {
    const cause = answer.errorType === "bad_data" ? "configuration" : "provider";
    return { kind: "wrong", cause, reason: `${foreignMessage(answer.errorType)}: ${foreignMessage(answer.error)}` };
  }
  const { data } = answer;
  switch (data.resultType) {
    case "string":
      return { kind: "wrong", cause: "configuration", reason: "the query gives a string, not a number" };
    case "scalar":
      return points([data.result]);
    case "vector":
      return single(data.result, (series) => [series.value]);
    case "matrix":
      return single(data.result, (series) => series.values);
  }
}

type RawPoint = z.infer<typeof Point>;

function single<S extends { readonly metric: Readonly<Record<string, string>> }>(
  series: readonly S[],
  pointsOf: (one: S) => readonly RawPoint[],
): Reading {
  const [first, second] = series;
  if (!first) return { kind: "empty" };
  if (second) {
    return {
      kind: "wrong",
      cause: "configuration",
      reason: `the query gives ${series.length} series, such as ${labels(first.metric)} and ${labels(second.metric)}; wrap it in sum(), max() or another aggregation`,
    };
  }
  return points(pointsOf(first));
}

function points(raw: readonly RawPoint[]): Reading {
  return {
    kind: "points",
    points: raw.map(([seconds, text]) => ({ atMs: Math.round(seconds * 1000), value: numberOf(text) })),
  };
}

/** Prometheus writes `+Inf`, `-Inf` and `NaN`. */
function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return text.trim() === "" ? Number.NaN : Number(text);
}

function labels(metric: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(metric).map(([name, value]) => scrubQuery(`${name}="${value.replaceAll('"', "'")}"`));
  return `{${matchers.join(",").slice(0, 120)}}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
