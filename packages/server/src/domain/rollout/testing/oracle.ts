/**
 * A second opinion on a rollout's steps, from the raw events alone: slow, simple and written without the reducer's own code. It says
 * which rules a step breaks.
 */
import type { Comparison, Condition, Criterion, Plan, Stage } from "../../plan/types.ts";
import type { TakenStep } from "../../simulate/simulate.ts";
import type { RolloutEvent } from "../event.ts";
import type { Sample } from "../sample.ts";

interface Seen {
  readonly at: number;
  readonly sample: Sample;
}

/** Everything that was seen of the metrics at one sampling. */
interface Sampling {
  readonly at: number;
  readonly values: { readonly [metric: string]: number | undefined };
}

export class Oracle {
  readonly #plan: Plan;
  readonly #latest = new Map<string, Seen>();
  readonly #samplings: Sampling[] = [];
  readonly #baselines = new Map<string, number>();
  readonly #ticked = new Set<string>();
  /** Stage name → role → people. */
  #approvals = new Map<string, Map<string, Set<string>>>();
  #runningMs = 0;
  #promoted = false;
  #stopped = false;
  #exposedAt: number | undefined;
  #sampledSinceStage = false;
  #now = 0;
  readonly broken: string[] = [];

  constructor(plan: Plan) {
    this.#plan = plan;
    for (const metric of Object.values(plan.metrics)) {
      if (metric.baseline !== undefined) this.#baselines.set(metric.name, metric.baseline);
    }
  }

  watch({ before, event, after }: TakenStep): void {
    const { state, effects } = after;
    this.#now = state.now;
    if (before.phase.kind === "running" && before.phase.pause === undefined) this.#runningMs += state.now - before.now;
    this.#learn(event, before.lastSampleAt);
    const records = effects.flatMap((effect) => (effect.kind === "record" ? [effect.record] : []));
    for (const one of records) {
      if (one.event === "ticked") this.#ticked.add(one.cause?.subject ?? "");
      if (one.event === "promoted") this.#promoted = true;
      if (one.event === "rejected") this.#approvals.delete(one.stage ?? "");
      if (one.event === "approved") this.#approved(before, event);
    }
    const set = effects.filter((effect) => effect.kind === "setPercentage");
    if (set.length > 1) this.#breaks("more than one stage in a step");
    if (set.length > 0 && this.#stopped) this.#breaks("the percentage is set after a rollback");
    if (state.percentage > before.percentage)
      this.#judgeRise(before.stage, state.phase.kind === "completed" ? undefined : state.stage);
    if (records.some((one) => one.event === "completed")) this.#judgeEnd(before.stage);
    if (state.percentage < before.percentage && state.percentage !== 0)
      this.#breaks("the percentage falls without a rollback");
    if (effects.some((effect) => effect.kind === "kill") || state.phase.kind === "rolledBack") this.#stopped = true;
    if (this.#stopped && state.percentage !== 0) this.#breaks("not at 0 % after a rollback");
    if (records.some((one) => one.event === "stageStarted")) {
      this.#runningMs = 0;
      this.#promoted = false;
      this.#sampledSinceStage = false;
      this.#exposedAt ??= event.kind === "samples" ? event.sampledAt : state.now;
    }
  }

  #breaks(rule: string): void {
    this.broken.push(rule);
  }

  #learn(event: RolloutEvent, lastSampleAt: number | undefined): void {
    if (event.kind === "baselineCaptured") {
      for (const [name, value] of Object.entries(event.values)) {
        if (value !== null && !this.#baselines.has(name)) this.#baselines.set(name, value);
      }
    }
    if (event.kind === "signal" && event.value !== undefined) this.#push(event.signal, event.value, event.at);
    if (event.kind !== "samples" || (lastSampleAt !== undefined && event.sampledAt <= lastSampleAt)) return;
    for (const name of Object.keys(this.#plan.metrics)) {
      const sample = Object.hasOwn(event.values, name) ? event.values[name] : undefined;
      if (sample) this.#latest.set(name, { at: event.sampledAt, sample });
    }
    const values = Object.fromEntries(
      Object.keys(this.#plan.metrics).map((name) => [name, this.#value(name, event.sampledAt)]),
    );
    this.#samplings.push({ at: event.sampledAt, values });
    this.#sampledSinceStage = true;
  }

  #push(signal: string, value: number, at: number): void {
    for (const { name, source } of Object.values(this.#plan.metrics)) {
      if (source.kind === "signal" && source.signal === signal)
        this.#latest.set(name, { at, sample: { kind: "value", value, ageMs: 0 } });
    }
  }

  #approved(before: TakenStep["before"], event: RolloutEvent): void {
    if (event.kind !== "command" || event.command.kind !== "approve") return;
    const index = before.phase.kind === "awaiting" ? before.phase.opens : (before.stage ?? -1) + 1;
    const name = this.#plan.stages[index]?.name ?? "";
    const roles = this.#approvals.get(name) ?? new Map<string, Set<string>>();
    for (const role of event.person.roles) {
      if (event.command.role === undefined || event.command.role === role)
        roles.set(role, (roles.get(role) ?? new Set()).add(event.person.by));
    }
    this.#approvals.set(name, roles);
  }

  #judgeRise(from: number | undefined, to: number | undefined): void {
    const left = from === undefined ? undefined : this.#plan.stages[from];
    const entered = to === undefined ? undefined : this.#plan.stages[to];
    for (const stage of [left, entered]) if (stage) this.#judgeTriggers(stage);
    if (entered) this.#judgeApprovals(entered);
    if (left && !this.#promoted) this.#judgeGate(left, to !== from);
  }

  /** Completion without a holdback raises nothing, and needs the last gate all the same. */
  #judgeEnd(from: number | undefined): void {
    const last = from === undefined ? undefined : this.#plan.stages[from];
    if (last === undefined) return this.#breaks("completed without a stage");
    this.#judgeTriggers(last);
    if (!this.#promoted) this.#judgeGate(last, true);
  }

  #judgeTriggers(stage: Stage): void {
    for (const { name, action, test } of stage.triggers) {
      if (action === "notify" || test.kind !== "condition") continue;
      if (this.#holds(test.condition, this.#value(test.condition.metric, this.#now)))
        this.#breaks(`rose while ${action} trigger ${name} was true`);
    }
  }

  #judgeGate(stage: Stage, closes: boolean): void {
    if (closes && this.#runningMs < stage.durationMs)
      this.#breaks(`stage ended after ${this.#runningMs} of ${stage.durationMs} ms`);
    if (!this.#sampledSinceStage) this.#breaks("stage ended without a sampling");
    for (const item of stage.checklist)
      if (!this.#ticked.has(item.text)) this.#breaks(`stage ended with ${item.id} open`);
    const conditions = [...stage.criteria, ...stage.triggers].flatMap(({ test }) =>
      test.kind === "condition" ? [test.condition] : [],
    );
    const last = this.#samplings.at(-1);
    for (const { metric } of conditions) {
      const polled = this.#plan.metrics[metric]?.source.kind !== "signal";
      if (polled && last?.values[metric] === undefined) this.#breaks(`stage ended without data of ${metric}`);
    }
    for (const criterion of stage.criteria) this.#judgeCriterion(criterion);
  }

  #judgeCriterion({ test, forMs, id }: Criterion): void {
    if (test.kind !== "condition") return this.#breaks("stage ended on a comparison");
    const polled = this.#plan.metrics[test.condition.metric]?.source.kind !== "signal";
    // A signal that was pushed before exposure makes its own baseline, which is not modelled here.
    if (!polled && test.condition.threshold.kind !== "absolute" && !this.#baselines.has(test.condition.metric)) return;
    const last = this.#samplings.at(-1);
    if (!last || !this.#holds(test.condition, this.#value(test.condition.metric, last.at)))
      return this.#breaks(`stage ended with ${id} false`);
    if (!polled) return;
    let since = last.at;
    for (const { at, values } of this.#samplings.toReversed()) {
      if (
        since - at > Math.max(30_000, 3 * this.#plan.intervalMs) ||
        !this.#holds(test.condition, values[test.condition.metric])
      )
        break;
      since = at;
    }
    const held = last.at - Math.max(since, this.#exposedAt ?? since);
    if (held < forMs) this.#breaks(`stage ended with ${id} held for ${held} ms`);
  }

  #judgeApprovals(stage: Stage): void {
    for (const { role, count } of stage.approvals) {
      const people = this.#approvals.get(stage.name)?.get(role)?.size ?? 0;
      if (people < count) this.#breaks(`${stage.name} opened with ${people} of ${count} ${role}`);
    }
  }

  /** The metric's usable, fresh value. */
  #value(name: string, at: number): number | undefined {
    const seen = this.#latest.get(name);
    const metric = this.#plan.metrics[name];
    if (!seen || !metric || seen.sample.kind !== "value" || !Number.isFinite(seen.sample.value)) return undefined;
    const freshMs =
      metric.maxAgeMs ?? (metric.source.kind === "signal" ? Infinity : Math.max(30_000, 3 * this.#plan.intervalMs));
    return at - seen.at + seen.sample.ageMs > freshMs ? undefined : seen.sample.value;
  }

  #holds({ metric, operator, threshold }: Condition, value: number | undefined): boolean {
    const baseline = this.#baselines.get(metric);
    const right =
      threshold.kind === "absolute"
        ? threshold.value
        : baseline === undefined
          ? undefined
          : threshold.kind === "relative"
            ? baseline * (1 + threshold.by)
            : baseline + threshold.by;
    return value !== undefined && right !== undefined && HOLDS[operator](value, right);
  }
}

const HOLDS: { readonly [C in Comparison]: (a: number, b: number) => boolean } = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "!=": (a, b) => a !== b,
};
