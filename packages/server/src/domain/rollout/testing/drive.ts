/** Steps by hand, for tests of what a scenario can't say. */
import type { Plan } from "../../plan/types.ts";
import type { Effect, Notify } from "../effect.ts";
import type { Command, Person, RolloutEvent } from "../event.ts";
import type { Sample } from "../sample.ts";
import { statusOf, type RolloutState, type Status } from "../state.ts";
import { schedule, step } from "../step.ts";

export const ANN: Person = { by: "ann", roles: ["lead"] };

type Without<T> = T extends RolloutEvent ? Omit<T, "at"> : never;

export class Drive {
  readonly effects: Effect[] = [];
  state: RolloutState;
  plan: Plan;
  now = 0;

  constructor(plan: Plan, startAt = 0) {
    this.plan = plan;
    const first = schedule(plan, { at: 0, startAt, by: "ann" });
    this.state = first.state;
    this.effects.push(...first.effects);
  }

  get status(): Status {
    return statusOf(this.state);
  }

  /** Takes an event at `now`, and gives what it brought about. */
  send(event: Without<RolloutEvent>): readonly Effect[] {
    const { state, effects } = step(this.plan, this.state, { ...event, at: this.now });
    this.state = state;
    this.effects.push(...effects);
    return effects;
  }

  command(command: Command, person: Person = ANN): readonly Effect[] {
    return this.send({ kind: "command", person, command });
  }

  approve(person: Person = ANN): readonly Effect[] {
    return this.command({ kind: "approve", planDigest: this.state.planDigest }, person);
  }

  /** Samples every interval from `now` up to and including `until`, always with the same values. */
  sampleUntil(until: number, values: { readonly [metric: string]: number } = {}): this {
    const samples: { [metric: string]: Sample } = {};
    for (const [name, value] of Object.entries(values)) samples[name] = { kind: "value", value, ageMs: 0 };
    for (; this.now <= until; this.now += this.plan.intervalMs)
      this.send({ kind: "samples", sampledAt: this.now, values: samples });
    this.now = until;
    return this;
  }

  notified(): readonly string[] {
    return this.effects.filter((effect): effect is Notify => effect.kind === "notify").map((effect) => effect.event);
  }

  refusal(effects: readonly Effect[]) {
    const effect = effects.find((one) => one.kind === "refused");
    return effect?.kind === "refused" ? effect.refusal : undefined;
  }
}
