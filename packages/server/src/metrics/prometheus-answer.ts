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
 * which of them was meant can't be guessed, so none is taken. `query`: what was asked; of an error's words, those that stand in it are kept.
 */
export function readAnswer(text: string, query = ""): Reading {
  const answer = parseAnswer(text, query);
  if (answer.kind === "wrong") return answer;
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

/** All series of a range, or what is wrong with the answer. */
export type RangeReading =
  | { readonly kind: "series"; readonly series: readonly Series[] }
  | Extract<Reading, { readonly kind: "wrong" }>;

/** One series of a range. `labels`: as they may be shown. */
export interface Series {
  readonly labels: string;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

/** Reads an answer of `/api/v1/query_range` with all its series: at each instant there may be none, one, or several. `query`: as in `readAnswer`. */
export function readRange(text: string, query = ""): RangeReading {
  const answer = parseAnswer(text, query);
  if (answer.kind === "wrong") return answer;
  if (answer.data.resultType !== "matrix")
    return { kind: "wrong", cause: "provider", reason: `the answer is a ${answer.data.resultType}, not a matrix` };
  return {
    kind: "series",
    series: answer.data.result.map(({ metric, values }) => ({ labels: labels(metric), points: values.map(pointOf) })),
  };
}

/** Why several series are no value: which of them was meant can't be guessed. */
export function severalSeries(count: number, first: string, second: string): string {
  return `the query gives ${count} series, such as ${first} and ${second}; wrap it in sum(), max() or another aggregation`;
}

type RawPoint = z.infer<typeof Point>;

type Data = Extract<z.infer<typeof Answer>, { status: "success" }>["data"];

function parseAnswer(
  text: string,
  query: string,
): { readonly kind: "data"; readonly data: Data } | Extract<Reading, { readonly kind: "wrong" }> {
  const parsed = Answer.safeParse(parseJson(text));
  if (!parsed.success)
    return { kind: "wrong", cause: "provider", reason: "the answer is not one of Prometheus's query API" };
  const answer = parsed.data;
  if (answer.status === "success") return { kind: "data", data: answer.data };
  const cause = answer.errorType === "bad_data" ? "configuration" : "provider";
  return {
    kind: "wrong",
    cause,
    reason: `${foreignMessage(answer.errorType)}: ${foreignMessage(answer.error, scrubQuery(query))}`,
  };
}

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
      reason: severalSeries(series.length, labels(first.metric), labels(second.metric)),
    };
  }
  return points(pointsOf(first));
}

function points(raw: readonly RawPoint[]): Reading {
  return { kind: "points", points: raw.map(pointOf) };
}

function pointOf([seconds, text]: RawPoint): { readonly atMs: number; readonly value: number } {
  return { atMs: Math.round(seconds * 1000), value: numberOf(text) };
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
