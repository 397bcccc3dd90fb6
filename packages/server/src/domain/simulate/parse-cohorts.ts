import type { Conduct } from "../compare/traffic.ts";
import { measuredMetrics } from "../comparing/tests-of.ts";
import { nearest } from "../nearest.ts";
import { shown } from "../plan/problem.ts";
import type { Reader } from "../plan/reader.ts";
import type { Plan } from "../plan/types.ts";
import { onlyFields, readAt, readQuantity } from "./fields.ts";
import type { CohortsTraffic, ConductChange } from "./scenario.ts";

/** Users of all cohorts together: more than there are units to tell them apart, and a few megabytes. */
export const TRAFFIC_USERS_MAX = 100_000;

/** Changes of one cohort: each is some milliseconds of work. */
export const CONDUCTS_MAX = 100;

/** Requests a second that a simulation can make up. */
export const TRAFFIC_RATE_MAX = 10_000;

/** Made-up users of a scenario, as they were written; what is left out has a default. */
export interface CohortsDocument {
  readonly users?: number;
  readonly requestsPerSecond?: number;
  readonly clustering?: number;
  readonly seed?: number;
  readonly on?: ConductsDocument;
  readonly off?: ConductsDocument;
}

type ConductsDocument = readonly ConductDocument[] | ConductDocument;

interface ConductDocument {
  readonly at: string;
  readonly failureRate?: string | number;
  readonly latency?: number;
}

const USUAL: Conduct = { failureRate: 0, latency: 1 };
const CLUSTERING_MAX = 10;
const LATENCY_MAX = 100;

/** `cohorts:` of a scenario: made-up users for each metric that the plan compares. */
export function readCohorts(
  reader: Reader<{ readonly [metric: string]: CohortsDocument }>,
  plan: Plan,
): { readonly [metric: string]: CohortsTraffic } {
  if (reader.exists && !reader.isMapping())
    reader.problem(
      '"cohorts" must be a mapping',
      "compared metrics by name, for example cohorts: { upload_errors: { users: 10000, requestsPerSecond: 200, on: { failureRate: 5% }, off: { failureRate: 0.5% } } }",
    );
  const cohorts: { [metric: string]: CohortsTraffic } = Object.create(null);
  let users = 0;
  for (const [name, one] of reader.entries()) {
    if (!isCompared(plan, name, one, cohorts)) continue;
    const traffic = readTraffic(one);
    users += traffic.users;
    if (users > TRAFFIC_USERS_MAX)
      one.problem(`${users} users are too many`, `at most ${TRAFFIC_USERS_MAX} in all cohorts together`, "key");
    cohorts[name] = traffic;
  }
  return cohorts;
}

/** Metrics that are made of the same calls have the same users, who can't be made up twice. */
function isCompared(plan: Plan, name: string, reader: Reader<CohortsDocument>, others: object): boolean {
  const all = measuredMetrics(plan);
  const together = all.find(({ metrics }) => metrics.some((one) => one.name === name));
  const names = all.flatMap(({ metrics }) => metrics.map((one) => one.name));
  if (together === undefined) {
    const [suggestion] = nearest(name, names);
    const hint = suggestion
      ? `did you mean "${suggestion}"?`
      : names.length === 0
        ? "compare one in a trigger or criterion, or leave its cohorts out"
        : `the plan compares: ${names.join(", ")}`;
    reader.problem(`the plan compares no metric "${name.slice(0, 64)}"`, hint, "key");
    return false;
  }
  const twin = together.metrics.find((one) => Object.hasOwn(others, one.name));
  if (twin !== undefined)
    reader.problem(
      `${name} and ${twin.name} are made of the same calls ("${together.measured}")`,
      `leave it out: it is compared with the users of ${twin.name}`,
      "key",
    );
  return twin === undefined;
}

function readTraffic(reader: Reader<CohortsDocument>): CohortsTraffic {
  if (!reader.isMapping())
    reader.problem(`${shown(reader.value)} says nothing of users`, "a mapping of users, requestsPerSecond, on and off");
  onlyFields(reader, ["users", "requestsPerSecond", "clustering", "seed", "on", "off"]);
  const off = readConducts(reader.get("off"), "off");
  return {
    users: readNumber(reader.get("users"), { otherwise: 10_000, from: 1, to: TRAFFIC_USERS_MAX, isWhole: true }),
    requestsPerSecond: readNumber(reader.get("requestsPerSecond"), { otherwise: 200, from: 0, to: TRAFFIC_RATE_MAX }),
    clustering: readNumber(reader.get("clustering"), { otherwise: 2, from: 0, to: CLUSTERING_MAX }),
    seed: readNumber(reader.get("seed"), { otherwise: 1, from: 0, to: 2 ** 32 - 1, isWhole: true }),
    off,
    on: reader.get("on").exists ? readConducts(reader.get("on"), "on") : off,
  };
}

/** One conduct for good, or changes; what a change doesn't say stays as it was. */
function readConducts(reader: Reader<ConductsDocument>, cohort: "on" | "off"): readonly ConductChange[] {
  if (reader.exists && !reader.isMapping() && !Array.isArray(reader.value))
    reader.problem(
      `${shown(reader.value)} doesn't say how users fare`,
      `for example ${cohort}: { failureRate: 0.5% }, or a list with the times of changes`,
    );
  if (reader.items().length > CONDUCTS_MAX)
    reader.problem(`${reader.items().length} changes are too many`, `at most ${CONDUCTS_MAX} of one cohort`, "key");
  const isConstant = reader.isMapping();
  const read = reader.many().map((item) => {
    onlyFields(item, isConstant ? ["failureRate", "latency"] : ["at", "failureRate", "latency"]);
    return { atMs: isConstant ? 0 : readAt(item), item };
  });
  const changes: ConductChange[] = [{ atMs: 0, ...USUAL }];
  for (const { atMs, item } of read.toSorted((a, b) => a.atMs - b.atMs)) {
    const before = changes.at(-1) ?? { atMs: 0, ...USUAL };
    if (changes.length > 1 && before.atMs === atMs)
      item.problem("two changes of one cohort at the same time", "keep one of them");
    changes.push({ atMs, failureRate: readRate(item, before), latency: readLatency(item, before) });
  }
  return changes;
}

function readRate(reader: Reader<ConductDocument>, before: Conduct): number {
  const rate = reader.get("failureRate");
  if (!rate.exists) return before.failureRate;
  const value = readQuantity(rate, "failureRate", "ratio");
  if (value !== undefined && (value < 0 || value > 1))
    rate.problem(`${shown(rate.value)} is not a share of requests`, "0% to 100%, for example 0.5%");
  return value ?? before.failureRate;
}

function readLatency(reader: Reader<ConductDocument>, before: Conduct): number {
  return readNumber(reader.get("latency"), { otherwise: before.latency, from: 0.01, to: LATENCY_MAX });
}

interface Bounds {
  readonly otherwise: number;
  readonly from: number;
  readonly to: number;
  readonly isWhole?: boolean;
}

function readNumber(reader: Reader<number>, { otherwise, from, to, isWhole = false }: Bounds): number {
  if (!reader.exists) return otherwise;
  const number = reader.number();
  if (number !== undefined && number >= from && number <= to && (!isWhole || Number.isInteger(number))) return number;
  const kind = isWhole ? "a whole number" : "a number";
  reader.problem(`${shown(reader.value)} can't be used here`, `${kind} from ${from} to ${to}`);
  return otherwise;
}
