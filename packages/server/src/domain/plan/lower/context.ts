import type { MetricUnit, Template } from "../types.ts";
import type { Path } from "../problem.ts";
import type { Reader } from "../reader.ts";

/** What lowering one part needs to know of the others, and what it leaves for them. */
export interface Lowering {
  /** Every metric of the plan by name, also those that are wrong in themselves; conditions are converted into these units. */
  readonly units: ReadonlyMap<string, MetricUnit>;
  /** Metrics that SDKs report, with their `measure`; only they can be compared by cohort. */
  readonly reported: ReadonlyMap<string, string>;
  /** The Prometheus of queries that name none; no `url`: the server's own. */
  readonly prometheus: PrometheusServer;
  /** Ids of checklist items given out so far. */
  readonly itemIds: Set<string>;
  /** Where a trigger, criterion, … of the plan stands in the document. */
  readonly origins: Map<object, Path>;
  /** Variables of the server's environment; undefined: not checked here. */
  readonly variables: ((name: string) => string | undefined) | undefined;
}

/** The plan's own Prometheus; without a `url` it is the server's. */
export interface PrometheusServer {
  readonly url?: Template;
  readonly headers: { readonly [name: string]: Template };
}

/** Remembers where something stands, and gives it back. */
export function from<T extends object>(context: Lowering, reader: Reader<unknown>, value: T): T {
  context.origins.set(value, reader.path);
  return value;
}

/** The one of `keys` that is given; reports none and more than one. */
export function exactlyOne<const K extends string>(
  reader: Reader<unknown>,
  keys: readonly K[],
  what: string,
): K | undefined {
  const { value } = reader;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const given = keys.filter((key) => Object.hasOwn(value, key));
  const [first, second] = given;
  if (first === undefined) {
    reader.problem(`${what} is missing`, `give one of ${keys.join(", ")}`, "key");
    return undefined;
  }
  if (second !== undefined) {
    reader.problem(`"${first}" and "${second}" exclude each other`, `keep one of ${given.join(", ")}`, "key");
    return undefined;
  }
  return first;
}

/** Reports what is given but means nothing beside `because`. */
export function meaningless(reader: Reader<unknown>, because: string): void {
  if (reader.exists) reader.problem(`"${String(reader.path.at(-1))}" means nothing ${because}`, "take it out", "key");
}
