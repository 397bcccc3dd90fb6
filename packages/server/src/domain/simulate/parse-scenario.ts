import { pointerOf, type JsonValue } from "@rampart/core";
import { nearest } from "../nearest.ts";
import { inOneGo, type Pieces } from "../pieces.ts";
import { PROBLEMS_MAX, shown, type PlanProblem } from "../plan/problem.ts";
import { Reader } from "../plan/reader.ts";
import { readingSource } from "../plan/source.ts";
import type { Finding } from "../plan/structure.ts";
import type { MetricUnit, Plan } from "../plan/types.ts";

import { onlyFields, readAt, readQuantity, unitOf } from "./fields.ts";
import { readCohorts, type CohortsDocument } from "./parse-cohorts.ts";
import { readEvent } from "./parse-event.ts";
import type { MetricChange, Scenario } from "./scenario.ts";

/** A Monday at midnight, so that a scenario without `start` plays the same for everybody. */
const START_DEFAULT_MS = Date.UTC(2026, 0, 5);

/** A scenario as YAML. The types keep field names honest; nothing is trusted to have them. */
export interface ScenarioDocument {
  /** For people. */
  readonly name?: string;
  readonly description?: string;
  readonly start?: string;
  readonly metrics?: { readonly [name: string]: readonly ChangeDocument[] | string | number };
  readonly events?: readonly { readonly at: string }[];
  readonly until?: string;
  readonly baselines?: { readonly [name: string]: string | number };
  readonly cohorts?: { readonly [metric: string]: CohortsDocument };
  readonly assume?: string;
}

interface ChangeDocument {
  readonly at: string;
  readonly value: string | number | null;
  readonly error?: string;
}

/** A scenario, or everything that is wrong with it. */
export type ParsedScenario =
  | { readonly ok: true; readonly scenario: Scenario }
  | { readonly ok: false; readonly problems: readonly PlanProblem[] };

/** Reads a scenario's YAML for a plan, whose metrics give the units. Every mistake is told at once, with its place. */
export function parseScenario(text: string, plan: Plan): ParsedScenario {
  return inOneGo(parsingScenario(text, plan));
}

/** As `parseScenario`, piece by piece. */
export function* parsingScenario(text: string, plan: Plan): Pieces<ParsedScenario> {
  const read = yield* readingSource(text);
  if (read.kind === "unreadable") return { ok: false, problems: read.problems.map(aboutScenario) };
  const { source } = read;
  yield;
  const findings: Finding[] = [];
  const reader = new Reader<ScenarioDocument>(source.json, [], (finding) => findings.push(finding));
  const scenario = readScenario(reader, plan);
  const problems = findings.map((finding) => ({
    ...source.locate(finding.path, finding.at),
    path: pointerOf(finding.path),
    ...(finding.value !== undefined && { value: shown(finding.value) }),
    message: finding.message,
    hint: finding.hint,
  }));
  const all = [...read.problems.map(aboutScenario), ...problems].toSorted(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  return all.length === 0 ? { ok: true, scenario } : { ok: false, problems: all.slice(0, PROBLEMS_MAX) };
}

function readScenario(reader: Reader<ScenarioDocument>, plan: Plan): Scenario {
  checkShape(reader);
  onlyFields(reader, ["name", "description", "start", "metrics", "events", "until", "baselines", "cohorts", "assume"]);
  const metrics: { [name: string]: readonly MetricChange[] } = Object.create(null);
  for (const [key, changes] of reader.get("metrics").entries()) {
    for (const name of metricsCalled(plan, key, changes))
      metrics[name] = readChanges(changes, unitOf(plan, name), name);
  }
  const baselines: { [name: string]: number } = Object.create(null);
  for (const [key, value] of reader.get("baselines").entries()) {
    for (const name of metricsCalled(plan, key, value))
      baselines[name] = readQuantity(value, name, unitOf(plan, name)) ?? 0;
  }
  const events = reader
    .get("events")
    .items()
    .flatMap((item) => readEvent(item, plan) ?? []);
  const cohorts = readCohorts(reader.get("cohorts"), plan);
  const lastMs = Math.max(
    0,
    ...Object.values(cohorts).flatMap(({ on, off }) => [...on, ...off].map((change) => change.atMs)),
    ...events.map((event) => event.atMs),
    ...Object.values(metrics).flatMap((changes) => changes.map((change) => change.atMs)),
  );
  return {
    startAt: readStart(reader.get("start")),
    metrics,
    events: events.toSorted((a, b) => a.atMs - b.atMs),
    untilMs: reader.get("until").duration() ?? lastMs + longestMs(plan),
    baselines,
    cohorts,
    assume: readAssume(reader.get("assume")),
  };
}

function checkShape(reader: Reader<ScenarioDocument>): void {
  if (!reader.isMapping())
    reader.problem(
      "a scenario is a mapping",
      "its fields are start, metrics, events, until, baselines, cohorts and assume",
    );
  for (const field of ["metrics", "baselines"] as const) {
    const inner = reader.get(field);
    const example = `metrics by name, for example ${field}: { error_rate: 0.2% }`;
    if (inner.exists && !inner.isMapping()) inner.problem(`"${field}" must be a mapping`, example);
  }
  const events = reader.get("events");
  if (events.exists && !Array.isArray(events.value))
    events.problem('"events" must be a list', "for example events: [{ at: 24h5m, approve: engineering-lead }]");
  const until = reader.get("until");
  if (until.exists && until.text() === undefined)
    until.problem(`${shown(until.value)} is not a duration`, "a time with its unit, for example until: 10d");
}

/** What is wrong with a text before it is known to be a scenario is told of plans elsewhere, in the same words. */
function aboutScenario(problem: PlanProblem): PlanProblem {
  const hint = /\bplans?\b/i.test(problem.hint) ? "docs/simulate.md shows a scenario" : problem.hint;
  return { ...problem, message: problem.message.replace("the plan", "the scenario"), hint };
}

/** The metric of that name, or those that stand for a signal of that name. */
function metricsCalled(plan: Plan, key: string, reader: Reader<unknown>): readonly string[] {
  if (Object.hasOwn(plan.metrics, key)) return [key];
  const signalled = Object.values(plan.metrics).filter(
    (metric) => metric.source.kind === "signal" && metric.source.signal === key,
  );
  if (signalled.length > 0) return signalled.map((metric) => metric.name);
  const names = Object.keys(plan.metrics);
  const [suggestion] = nearest(key, names);
  reader.problem(
    `the plan has no metric "${key.slice(0, 64)}"`,
    suggestion ? `did you mean "${suggestion}"?` : `its metrics are: ${names.join(", ")}`,
    "key",
  );
  return [];
}

function readChanges(
  reader: Reader<readonly ChangeDocument[] | string | number>,
  unit: MetricUnit,
  name: string,
): readonly MetricChange[] {
  if (!Array.isArray(reader.value))
    return [{ atMs: 0, sample: { kind: "value", value: readQuantity(reader, name, unit) ?? 0, ageMs: 0 } }];
  const items = reader.items();
  const changes = items.map((item) => readChange(item, unit, name));
  const seen = new Set<number>();
  for (const [index, { atMs }] of changes.entries()) {
    if (seen.has(atMs)) items[index]?.problem(`${name} has two values at the same time`, "keep one of them");
    seen.add(atMs);
  }
  return changes.toSorted((a, b) => a.atMs - b.atMs);
}

function readChange(reader: Reader<ChangeDocument>, unit: MetricUnit, name: string): MetricChange {
  onlyFields(reader, ["at", "value", "error"]);
  const atMs = readAt(reader);
  const error = reader.get("error").text();
  const value: JsonValue | undefined = reader.get("value").value;
  if (error !== undefined) return { atMs, sample: { kind: "error", reason: error } };
  if (value === null) return { atMs, sample: { kind: "noData", reason: "no data" } };
  if (value === undefined) reader.problem('"value" is missing', "a value, or null where there is no data", "key");
  const quantity = value === undefined ? undefined : readQuantity(reader.get("value"), name, unit);
  return { atMs, sample: { kind: "value", value: quantity ?? 0, ageMs: 0 } };
}

function readStart(reader: Reader<string>): number {
  if (!reader.exists) return START_DEFAULT_MS;
  const text = reader.text() ?? "";
  const at = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isFinite(at)) return at;
  reader.problem(
    `${shown(reader.value)} is not an instant`,
    "a date and time with its zone, for example 2026-01-05T02:00:00Z",
  );
  return START_DEFAULT_MS;
}

function readAssume(reader: Reader<string>): Scenario["assume"] {
  if (!reader.exists) return "preconditions";
  const choice = reader.choice(["preconditions", "nothing"]);
  if (choice === undefined) reader.problem(`assume can't be ${shown(reader.value)}`, "one of preconditions, nothing");
  return choice ?? "preconditions";
}

/** Long enough for the whole ramp after the last thing that the scenario brings: every stage in its longest form, and a day. */
function longestMs(plan: Plan): number {
  const stages = plan.stages.reduce((total, stage) => total + (stage.timeoutMs ?? stage.durationMs), 0);
  return stages + 24 * 3_600_000;
}
