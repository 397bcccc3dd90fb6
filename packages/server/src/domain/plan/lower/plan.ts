import { ROLLOUT_ALPHA, split } from "../compared.ts";
import type { PlanDocument } from "../document/document.ts";
import { formatDuration, parseDuration } from "../grammar/duration.ts";
import { parsePercentage } from "../grammar/percentage.ts";
import type { Reader } from "../reader.ts";
import type { Metric, Plan, Stage } from "../types.ts";
import { lowerCompletion, lowerPreconditions, lowerRollback } from "./after.ts";
import type { Lowering, PrometheusServer } from "./context.ts";
import { checkMetadata } from "./metadata.ts";
import { lowerMetrics } from "./metrics.ts";
import { lowerEscalation, lowerNotify } from "./people.ts";
import { lowerStages } from "./stages.ts";
import { lowerHeaders, lowerUrl } from "./templates.ts";
import { lowerTriggers } from "./triggers.ts";
import { unitsOf } from "./units.ts";
import { lowerWindow } from "./window.ts";

/** The parts of a plan that `metadata` and the digest don't make up. */
export type LoweredSpec = Omit<Plan, "name" | "title" | "labels" | "about" | "change" | "digest">;

const SECOND_MS = 1000;
const INTERVAL_MS = { standard: 10 * SECOND_MS, min: SECOND_MS, max: 3600 * SECOND_MS } as const;
/** Below the SDKs' heartbeat a lease would end between two beats. */
const LEASE_MS = { standard: 25 * SECOND_MS, min: 10 * SECOND_MS } as const;
const REMIND_EVERY_MS = 4 * 3600 * SECOND_MS;
const NO_DATA_AFTER_MS = 300 * SECOND_MS;
const BASELINE_WINDOW_MS = 3600 * SECOND_MS;

/** What lowering needs to know of the whole document before it looks at its parts. */
export function contextOf(document: Reader<PlanDocument>, variables: Lowering["variables"]): Lowering {
  const units = unitsOf(document);
  const metrics = document.get("spec").get("metrics").entries();
  const reported = new Map(
    metrics.flatMap(([name, metric]) =>
      metric.get("sdk").exists ? [[name, metric.get("sdk").get("measure").text() ?? ""] as const] : [],
    ),
  );
  const context = {
    units,
    reported,
    prometheus: { headers: {} },
    itemIds: new Set<string>(),
    origins: new Map<object, readonly (string | number)[]>(),
    variables,
  };
  return { ...context, prometheus: lowerServer(document.get("spec").get("prometheus"), context) };
}

function lowerServer(
  reader: Reader<NonNullable<PlanDocument["spec"]["prometheus"]>>,
  context: Lowering,
): PrometheusServer {
  const url = lowerUrl(reader.get("url"), context);
  return { headers: lowerHeaders(reader.get("headers"), context), ...(url === undefined ? {} : { url }) };
}

/** Reads the whole document, reporting whatever is wrong with its texts and names. Only worth something when nothing was reported. */
export function lowerPlan(document: Reader<PlanDocument>, context: Lowering): LoweredSpec {
  checkMetadata(document.get("metadata"));
  const spec = document.get("spec");
  checkKey(
    spec.get("flag"),
    /^[A-Za-z0-9._/-]{1,128}$/,
    "a flag's key",
    "letters, digits and . _ - / only, at most 128",
  );
  checkKey(
    spec.get("environment"),
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
    "an environment's name",
    "letters, digits and . _ - only, at most 64, for example production",
  );
  const intervalMs = lowerInterval(spec.get("interval"));
  const window = lowerWindow(spec.get("window"));
  const metrics = lowerMetrics(spec.get("metrics"), context);
  const preconditions = lowerPreconditions(spec.get("preconditions"), context);
  const planTriggers = lowerTriggers(spec.get("triggers"), undefined, context);
  const { stages, metrics: stageMetrics } = lowerStages(spec.get("stages"), planTriggers.triggers, context);
  checkBudget(spec.get("triggers"), stages);
  const leaseMs = lowerLease(spec.get("lease"));
  const trafficPerSecond = lowerTraffic(spec.get("traffic"));
  return {
    flag: spec.get("flag").text() ?? "",
    environment: spec.get("environment").text() ?? "",
    intervalMs,
    metrics: withMetrics(metrics, [...planTriggers.metrics, ...stageMetrics]),
    preconditions,
    stages,
    rollback: lowerRollback(spec.get("rollback"), context),
    completion: lowerCompletion(spec.get("completion"), context),
    notify: lowerNotify(
      spec.get("notify"),
      stages.map(({ name }) => name),
      context,
    ),
    escalation: lowerEscalation(spec.get("escalation"), context),
    remindEveryMs: atLeast(spec.get("remindEvery"), SECOND_MS) ?? REMIND_EVERY_MS,
    holdbackPercentage: lowerHoldback(spec.get("holdback"), stages),
    onSharedIncident: spec.get("onSharedIncident").choice(["rollback", "hold"]) ?? "rollback",
    noData: spec.get("noData").choice(["hold", "pause", "rollback"]) ?? "hold",
    noDataAfterMs: spec.get("noDataAfter").duration() ?? NO_DATA_AFTER_MS,
    baselineWindowMs: atLeast(spec.get("baselineWindow"), SECOND_MS) ?? BASELINE_WINDOW_MS,
    ...(window === undefined ? {} : { window }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(trafficPerSecond === undefined ? {} : { trafficPerSecond }),
  };
}

/** Comparisons that name their `alpha` may leave nothing for those that don't: these could never ring. */
function checkBudget(reader: Reader<unknown>, stages: readonly Stage[]): void {
  const starved = split(stages.flatMap((stage) => stage.triggers)).find(({ alpha }) => alpha <= 0);
  if (starved === undefined) return;
  reader.problem(
    `the other comparisons' alpha uses up the ${ROLLOUT_ALPHA} of the whole rollout: none is left for ${starved.compare.metric}`,
    "give them less, or give each comparison an alpha of its own",
  );
}

function checkKey(reader: Reader<string>, pattern: RegExp, what: string, hint: string): void {
  const text = reader.text();
  if (text !== undefined && text !== "" && text.length <= 128 && !pattern.test(text))
    reader.problem(`${JSON.stringify(text.slice(0, 80))} can't be ${what}`, hint);
}

function withMetrics(metrics: Plan["metrics"], more: readonly Metric[]): Plan["metrics"] {
  const all: { [name: string]: Metric } = Object.assign(Object.create(null), metrics);
  for (const metric of more) all[metric.name] = metric;
  return all;
}

function lowerInterval(reader: Reader<string>): number {
  const ms = reader.duration() ?? INTERVAL_MS.standard;
  if (ms < INTERVAL_MS.min)
    reader.problem("metrics are sampled at most once a second", "write 1s or more; 10s is usual");
  if (ms > INTERVAL_MS.max)
    reader.problem(
      `a sample every ${formatDuration(ms)} is too seldom to stop anything`,
      "write 1h or less; 10s is usual",
    );
  return ms;
}

function atLeast(reader: Reader<string>, minMs: number): number | undefined {
  const ms = reader.duration();
  if (ms !== undefined && ms < minMs)
    reader.problem(`${formatDuration(ms)} is too short here`, `write ${formatDuration(minMs)} or more`);
  return ms;
}

function lowerLease(reader: Reader<string>): number | undefined {
  if (reader.text() === "off") return undefined;
  const result = reader.text() === undefined ? undefined : parseDuration(reader.text() ?? "");
  if (result?.ok === false) {
    reader.problem(result.message, `${result.hint}, or off`);
    return LEASE_MS.standard;
  }
  const ms = result?.value ?? LEASE_MS.standard;
  if (ms < LEASE_MS.min)
    reader.problem(
      `a lease of ${formatDuration(ms)} runs out between two contacts`,
      `write ${formatDuration(LEASE_MS.min)} or more, or off`,
    );
  return ms;
}

function lowerHoldback(reader: Reader<number | string>, stages: readonly Stage[]): number {
  const { value } = reader;
  if (typeof value !== "number" && typeof value !== "string") return 0;
  const holdback = reader.take(parsePercentage(value)) ?? 0;
  const beforeLast = stages.at(-2)?.percentage ?? 0;
  if (holdback > 0 && 100 - holdback <= beforeLast) {
    reader.problem(
      `holdback ${holdback} leaves the last stage at ${100 - holdback}, not above the stage before (${beforeLast})`,
      "a holdback of 1 is usual",
    );
  }
  return holdback;
}

function lowerTraffic(reader: Reader<number | string>): number | undefined {
  const text = reader.text();
  if (text === undefined) return reader.number();
  const match = /^\s*(\d+(?:\.\d+)?)\s*\/\s*([smh])\s*$/.exec(text);
  const perSecond = Number(match?.[1]) / (match?.[2] === "h" ? 3600 : match?.[2] === "m" ? 60 : 1);
  if (match && perSecond > 0) return perSecond;
  reader.problem(
    `${JSON.stringify(text.slice(0, 40))} is not a rate`,
    "write requests a second or a minute, for example 15/s or 900/m",
  );
  return undefined;
}
