import type { Attributes } from "../clause/attribute.ts";
import { bucketOfHash } from "../hash/bucket.ts";
import type { Reason } from "../model/evaluation.ts";
import type { Clause, Prerequisite } from "../model/flag.ts";
import { show } from "../model/show.ts";
import type { CompiledFlag, CompiledRule } from "./flag.ts";
import { needsBucket, type CompiledServe } from "./serve.ts";

/** One thing that was asked on the way to a flag's value, and the answer. */
export interface ExplanationStep {
  readonly step: string;
  readonly outcome: string;
}

/** Values of a clause that an explanation names before it says how many more there are. */
const SHOWN_VALUES_MAX = 3;

/**
 * Hears from `decide` how it came to its variant. The boolean fast path has none listen, and so allocates nothing: that is also
 * why these are methods with arguments, since a closure would cost its surroundings an allocation whether or not it is called.
 */
export class Trace {
  reason: Reason = "UNKNOWN";
  ruleId: string | undefined = undefined;
  /** What a percentage or a split was decided by. */
  hash: number | undefined = undefined;
  /** Undefined: nobody asked for an explanation, and no text is built. */
  readonly steps: ExplanationStep[] | undefined;

  constructor(options: { readonly explain: boolean }) {
    this.steps = options.explain ? [] : undefined;
  }

  /** 0…99,999, when a percentage or a split decided. */
  get bucket(): number | undefined {
    return this.hash === undefined ? undefined : bucketOfHash(this.hash);
  }

  disabled(): void {
    this.reason = "DISABLED";
    this.steps?.push({ step: "enabled", outcome: "no, so everybody gets the off variant" });
  }

  lease(silenceMs: number, leaseMs: number): void {
    const isOver = silenceMs > leaseMs;
    if (isOver) this.reason = "STALE";
    const outcome = `${isOver ? "over" : "holds"}: ${silenceMs} ms without contact, ${leaseMs} ms allowed`;
    this.steps?.push({ step: "lease", outcome });
  }

  unmeetable(): void {
    this.reason = "DEFAULT";
    this.steps?.push({ step: "prerequisites", outcome: "not met: they form a cycle, or are too many to walk" });
  }

  /** `served`: the other flag's variant for this user, undefined when it has none. */
  prerequisite({ flag, variants }: Prerequisite, served: string | undefined, isMet: boolean): void {
    if (!isMet) this.reason = "DEFAULT";
    const found = served === undefined ? "nothing, it is unknown or can't be evaluated for this user" : served;
    const outcome = `${isMet ? "met" : "not met"}: serves ${found}; wanted is ${variants.join(" or ")}`;
    this.steps?.push({ step: `prerequisite ${flag}`, outcome });
  }

  target(id: string, variant: string | undefined): void {
    this.reason = "TARGETING_MATCH";
    this.steps?.push({ step: "targets", outcome: `${show(id)} is named, and gets ${variant}` });
  }

  /** `first`: the first rule that matches, which decides. */
  rules(rules: readonly CompiledRule[], first: CompiledRule | undefined, id: string, attributes: Attributes): void {
    if (first !== undefined) {
      this.reason = first.serve.source === "variant" ? "TARGETING_MATCH" : "SPLIT";
      this.ruleId = first.source.id;
    }
    if (this.steps === undefined) return;
    for (const rule of rules) {
      const failed = rule.source.clauses[rule.tests.findIndex((test) => !test(id, attributes))];
      const outcome = failed === undefined ? "matches" : `no match: ${describeClause(failed)}`;
      this.steps.push({ step: `rule ${rule.source.id}`, outcome });
      if (rule === first) return;
    }
  }

  fallthrough(flag: CompiledFlag): void {
    const { targets, rules, prerequisites } = flag.targeting;
    const isBare = targets === undefined && rules.length === 0 && prerequisites.length === 0;
    this.reason = needsBucket(flag.fallthrough) ? "SPLIT" : isBare ? "STATIC" : "DEFAULT";
    if (!isBare) this.steps?.push({ step: "fallthrough", outcome: "no target and no rule decided" });
  }

  everybody(variant: string | undefined): void {
    this.steps?.push({ step: "serve", outcome: `${variant} to everybody` });
  }

  noKey(attribute: string): void {
    this.steps?.push({ step: "bucket", outcome: `none: the user has no ${attribute}` });
  }

  /** `hash`: of the user and the salt, a 32-bit integer. */
  share(flag: CompiledFlag, serve: CompiledServe, hash: number, variant: number): void {
    this.hash = hash;
    if (this.steps === undefined) return;
    const { bucket } = this;
    const { names } = flag.variants;
    const layout = `${names[serve.first]} is below bucket ${serve.limit} of 100,000`;
    this.steps.push({ step: "bucket", outcome: `${bucket}, which gets ${names[variant]}; ${layout}` });
  }
}

function describeClause(clause: Clause): string {
  const shown = clause.values.slice(0, SHOWN_VALUES_MAX).map(show).join(", ");
  const more = clause.values.length - SHOWN_VALUES_MAX;
  const subject = clause.op === "inSegment" ? "" : `${clause.attribute} `;
  return `${subject}${clause.negate ? "not " : ""}${clause.op} ${shown}${more > 0 ? ` and ${more} more` : ""}`;
}
