import type { ClientFlag, ClientLease, EvaluationContext, EvaluationDetails, JsonValue, Ruleset } from "@rampart/core";
import type { ServedFlag } from "../../ports/store.ts";

/** Which flags a caller may know of: browsers those that are made visible to them, servers all. */
export type Audience = "browser" | "server";

/** One flag's answer for a context, in every form in which it is sent or compared. Shared by all who get it. */
export interface Answer {
  readonly flag: ClientFlag;
  /** The flag as JSON. */
  readonly json: string;
  /** The same without the revision: equal for two answers that serve the same. */
  readonly content: string;
}

interface Known {
  readonly flag: ServedFlag;
  /** By variant, reason and error. A flag has a handful, however many users ask. */
  readonly answers: Map<string, Answer>;
}

/**
 * What the flags of an environment answer. Users are many and answers few: each is encoded once for as long as its flag stays as it is.
 */
export class Answers {
  readonly #ruleset: Pick<Ruleset, "evaluate">;
  readonly #known = new Map<string, Known>();
  readonly #keys: Map<Audience, readonly string[]> = new Map();

  constructor(ruleset: Pick<Ruleset, "evaluate">) {
    this.#ruleset = ruleset;
  }

  replace(flags: Iterable<ServedFlag>): void {
    this.#known.clear();
    this.apply({ flags, removedFlags: [] });
  }

  /** Takes over flags that changed. The ruleset must have them already. */
  apply(changes: { readonly flags: Iterable<ServedFlag>; readonly removedFlags: Iterable<string> }): void {
    this.#keys.clear();
    for (const key of changes.removedFlags) this.#known.delete(key);
    for (const flag of changes.flags) this.#known.set(flag.key, { flag, answers: new Map() });
    // Their leases are also those of other flags.
    for (const { flag, answers } of this.#known.values()) if (flag.prerequisites.length > 0) answers.clear();
  }

  /** The flags that there are for an audience, sorted by UTF-16 units. */
  keys(audience: Audience): readonly string[] {
    const cached = this.#keys.get(audience);
    if (cached !== undefined) return cached;
    const keys = [...this.#known.keys()].filter((key) => this.has(key, audience)).toSorted();
    this.#keys.set(audience, keys);
    return keys;
  }

  /** Whether there is such a flag for an audience. */
  has(key: string, audience: Audience): boolean {
    const known = this.#known.get(key);
    return known !== undefined && (audience === "server" || known.flag.clientVisible);
  }

  /** A flag's answer; undefined when there is no such flag for the audience. */
  answer(key: string, context: EvaluationContext, audience: Audience): Answer | undefined {
    const known = this.#known.get(key);
    if (known === undefined || (audience === "browser" && !known.flag.clientVisible)) return undefined;
    const details: EvaluationDetails = this.#ruleset.evaluate<JsonValue>(key, context, null);
    const outcome = details.errorCode ?? `${details.reason} ${details.variant}`;
    const cached = known.answers.get(outcome);
    if (cached !== undefined) return cached;
    const made = answerOf(details, known.flag, this.#leaseMs(key));
    known.answers.set(outcome, made);
    return made;
  }

  /** How long a flag holds without contact: as long as it does by itself, and as every flag does that it rests on. Undefined: for ever. */
  #leaseMs(key: string): number | undefined {
    let shortestMs: number | undefined;
    // Grows while it is gone through, and holds each once, also in a cycle.
    const walked = new Set([key]);
    for (const each of walked) {
      const flag = this.#known.get(each)?.flag;
      if (flag?.leaseMs !== undefined && !(flag.leaseMs >= (shortestMs ?? Infinity))) shortestMs = flag.leaseMs;
      for (const prerequisite of flag?.prerequisites ?? []) walked.add(prerequisite.flag);
    }
    return shortestMs;
  }
}

function answerOf(details: EvaluationDetails, flag: ServedFlag, leaseMs: number | undefined): Answer {
  const served = servedOf(details, flag, leaseMs);
  const shown: ClientFlag = { ...served, revision: flag.revision };
  return { flag: shown, json: JSON.stringify(shown), content: JSON.stringify(served) };
}

type WithoutRevision<T> = T extends ClientFlag ? Omit<T, "revision"> : never;

function servedOf(
  { errorCode, value, variant, reason }: EvaluationDetails,
  flag: ServedFlag,
  leaseMs: number | undefined,
): WithoutRevision<ClientFlag> {
  if (errorCode !== undefined || variant === undefined) return { reason: "ERROR", errorCode: errorCode ?? "GENERAL" };
  const lease = variant === flag.offVariant ? undefined : leaseOf(flag, leaseMs);
  return { value, variant, reason, ...(lease === undefined ? {} : { lease }) };
}

function leaseOf({ offVariant, variants }: ServedFlag, leaseMs: number | undefined): ClientLease | undefined {
  const value = variants[offVariant];
  return leaseMs === undefined || value === undefined ? undefined : { ms: leaseMs, value, variant: offVariant };
}
