import type { PlanDocument } from "../document/document.ts";
import { isMetricName, parseLiteral } from "../grammar/condition.ts";
import type { Reader } from "../reader.ts";
import type { Metric, MetricSource } from "../types.ts";
import { exactlyOne, from, meaningless, type Lowering, type PrometheusServer } from "./context.ts";
import { lowerHeaders, lowerUrl } from "./templates.ts";
import { convert } from "./units.ts";

type MetricsDocument = NonNullable<PlanDocument["spec"]["metrics"]>;
type MetricDocument = MetricsDocument[string];

/** What `success` and the sdk measures look back over when the plan doesn't say. */
const WINDOW_MS = 60_000;
/** The shortest time between two calls to somebody's server. */
const EVERY_MIN_MS = 1000;
/** A plan with more metrics than this asks too much of a provider at every sampling. */
const METRICS_MAX = 100;

/** The plan's metrics by name, in a null-prototype object. */
export function lowerMetrics(reader: Reader<MetricsDocument>, context: Lowering): { readonly [name: string]: Metric } {
  const metrics: { [name: string]: Metric } = Object.create(null);
  const entries = reader.entries();
  if (entries.length > METRICS_MAX)
    reader.problem(
      `there are ${entries.length} metrics`,
      `${METRICS_MAX} are the most: each is asked for at every sampling`,
      "key",
    );
  for (const [name, metric] of entries) {
    if (!isMetricName(name)) {
      const hint =
        name === "baseline"
          ? "the word stands for a metric's baseline in conditions"
          : "a letter, then letters, digits, _ . -, at most 64, for example error_rate";
      metric.problem(`a metric can't be called ${JSON.stringify(name.slice(0, 64))}`, hint, "key");
    }
    const lowered = lowerMetric(metric, name, context);
    if (lowered) metrics[name] = lowered;
  }
  return metrics;
}

function lowerMetric(reader: Reader<MetricDocument>, name: string, context: Lowering): Metric | undefined {
  const which = exactlyOne(reader, ["prometheus", "http", "signal", "sdk"], "where the metric comes from");
  const source = which === undefined ? undefined : lowerSource(reader, which, context);
  const unit = context.units.get(name) ?? "none";
  const maxAgeMs = reader.get("maxAge").duration();
  const description = reader.get("description").text();
  const baseline = lowerBaseline(reader, name, context);
  if (source === undefined) return undefined;
  return from(context, reader, {
    name,
    unit,
    source,
    ...(baseline === undefined ? {} : { baseline }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    ...(description === undefined ? {} : { description }),
  });
}

function lowerBaseline(reader: Reader<MetricDocument>, name: string, context: Lowering): number | undefined {
  const baseline = reader.get("baseline");
  const literal = baseline.read(parseLiteral);
  if (literal === undefined) return baseline.number();
  return baseline.take(convert(literal, name, context.units.get(name) ?? "none"));
}

function lowerSource(
  reader: Reader<MetricDocument>,
  which: "prometheus" | "http" | "signal" | "sdk",
  context: Lowering,
): MetricSource | undefined {
  switch (which) {
    case "prometheus":
      return lowerPrometheus(reader.get("prometheus"), context);
    case "http":
      return lowerHttp(reader.get("http"), context);
    case "signal": {
      const signal = reader.get("signal").text();
      return signal === undefined ? undefined : { kind: "signal", signal };
    }
    case "sdk":
      return lowerSdk(reader.get("sdk"));
  }
}

function lowerPrometheus(
  reader: Reader<NonNullable<MetricDocument["prometheus"]>>,
  context: Lowering,
): MetricSource | undefined {
  const text = reader.text() === undefined ? reader.get("query") : reader;
  const query = text.text();
  const url = reader.get("url").exists ? lowerUrl(reader.get("url"), context) : undefined;
  const headers = lowerHeaders(reader.get("headers"), context);
  if (query === undefined) return undefined;
  checkQuery(text, query);
  // Headers belong to the server they were written for: another one never gets the plan's.
  return url === undefined
    ? { kind: "prometheus", query, ...context.prometheus, headers: { ...context.prometheus.headers, ...headers } }
    : { kind: "prometheus", query, headers, url };
}

const CLOSING: { readonly [open: string]: string } = { "(": ")", "[": "]", "{": "}" };

/** What can be seen of PromQL without a parser: quotes and brackets that don't match, variables, an alert's `for`. */
export function checkQuery(reader: Reader<unknown>, query: string): void {
  if (/\$\{[A-Z_][A-Z0-9_]*\}/.test(query))
    reader.problem("a query holds no variables", "${…} is filled in in urls and headers only; write the query out");
  const held = /\s+for\s+(\d+[smhd])\s*$/.exec(query);
  if (held?.[1] !== undefined)
    reader.problem(
      `"for ${held[1]}" is no PromQL`,
      `put the time into a field of the trigger or criterion: for: ${held[1]}`,
    );
  const expected: string[] = [];
  const bare = query.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|#[^\n]*/g, "");
  for (const sign of bare) {
    if (sign === '"' || sign === "'" || sign === "`")
      return reader.problem(`the query has a ${sign} that is not closed`, "close it, or escape it with a backslash");
    const closing = CLOSING[sign];
    if (closing !== undefined) expected.push(closing);
    else if (sign === ")" || sign === "]" || sign === "}") {
      const wanted = expected.pop();
      if (wanted !== sign)
        return reader.problem(
          `the query has a ${sign} where ${wanted === undefined ? "nothing is open" : `${wanted} is due`}`,
          "check its brackets",
        );
    }
  }
  const open = expected.at(-1);
  if (open !== undefined) reader.problem(`the query lacks a ${open}`, "check its brackets");
}

function lowerHttp(reader: Reader<NonNullable<MetricDocument["http"]>>, context: Lowering): MetricSource | undefined {
  const url = lowerUrl(reader.get("url"), context);
  const headers = lowerHeaders(reader.get("headers"), context);
  const expect = reader.get("expect");
  const status = expect
    .get("status")
    .many()
    .flatMap((one) => one.number() ?? []);
  const pointer = expect.get("body").get("pointer");
  checkPointer(pointer);
  const everyMs = reader.get("every").duration();
  if (everyMs !== undefined && everyMs < EVERY_MIN_MS)
    reader.get("every").problem("a URL is called at most once a second", "write 1s or more");
  const windowMs = reader.get("window").duration();
  const measure = reader.get("measure");
  if (measure.exists && measure.text() !== "success") meaningless(reader.get("window"), "unless success is measured");
  const measurePointer = measure.get("pointer");
  checkPointer(measurePointer);
  const kind = measure.text() ?? (measure.isMapping() ? "value" : "success");
  if (url === undefined) return undefined;
  return {
    kind: "http",
    url,
    method: reader.get("method").choice(["GET", "HEAD", "POST"]) ?? "GET",
    headers,
    expect: {
      status: status.length > 0 ? status : [200],
      ...(pointer.exists
        ? { body: { pointer: pointer.text() ?? "", equals: expect.get("body").get("equals").value ?? null } }
        : {}),
    },
    measure:
      kind === "latency"
        ? { kind }
        : kind === "value"
          ? { kind, pointer: measurePointer.text() ?? "" }
          : { kind: "success", windowMs: windowMs ?? WINDOW_MS },
    ...(everyMs === undefined ? {} : { everyMs }),
  };
}

function checkPointer(reader: Reader<string>): void {
  const text = reader.text();
  if (text !== undefined && text !== "" && !/^(?:\/(?:[^~/]|~[01])*)+$/.test(text)) {
    reader.problem(
      `${JSON.stringify(text.slice(0, 80))} is not a JSON pointer`,
      `write ${JSON.stringify(`/${text.replaceAll(/^\$?\.?/g, "").replaceAll(".", "/")}`)}`,
    );
  }
}

function lowerSdk(reader: Reader<NonNullable<MetricDocument["sdk"]>>): MetricSource {
  const metric = reader.get("metric").text();
  return {
    kind: "sdk",
    measure: reader.get("measure").choice(["error_rate", "p50", "p95", "p99", "rate", "count"]) ?? "count",
    cohort: reader.get("cohort").choice(["on", "off", "all"]) ?? "on",
    windowMs: reader.get("window").duration() ?? WINDOW_MS,
    minEvents: reader.get("minEvents").number() ?? 0,
    ...(metric === undefined ? {} : { metric }),
  };
}

/** The metric behind a `promql` trigger: how many series the expression gives, 0 when none. As with an alert rule, no series is no alarm. */
export function promqlMetric(name: string, expression: string, server: PrometheusServer): Metric {
  // On lines of its own: the expression may end with a comment.
  return {
    name,
    unit: "count",
    source: { kind: "prometheus", query: `count(\n${expression.trim()}\n) or vector(0)`, ...server },
  };
}
