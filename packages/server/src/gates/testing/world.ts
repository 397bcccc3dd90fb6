import { defaultConfig, defaultVariants } from "@rampart/core";
import { soleServer } from "../../ports/leadership.ts";
import type { Plan } from "../../domain/plan/types.ts";
import { kill } from "../../domain/ramp.ts";
import type { RolloutRecord } from "../../domain/rollout/effect.ts";
import { schedule } from "../../domain/rollout/step.ts";
import type { Sample } from "../../domain/rollout/sample.ts";
import type { MetricProvider } from "../../ports/metric-provider.ts";
import type { RolloutRow, RolloutStore } from "../../ports/rollout-store.ts";
import type { Store } from "../../ports/store.ts";
import { silentIntake, type UnitIntake } from "../../ports/unit-intake.ts";
import { silentLogger } from "../../ports/logger.ts";
import { noEmergency, type Emergency } from "../../ports/emergency.ts";
import { silentMeter } from "../../ports/meter.ts";
import type { TakenBack } from "../../ports/taken-back.ts";
import { dueAtOf } from "../commit.ts";
import { Runner } from "../runner.ts";

/** A runner over a store, with time moved by hand and metrics that say what they are told. Its process can be lost. */
export class World {
  now: number;
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly plan: Plan;
  /** Environments that were published, in order. */
  readonly published: string[] = [];
  /** What the runner said of rollbacks. */
  readonly takenBack: TakenBack[] = [];
  metric: (name: string, at: number) => Sample = () => ({ kind: "noData", reason: "nobody said" });
  /** What SDKs report. It outlives the process, as a store does. */
  intake: UnitIntake = silentIntake;
  /** What rollbacks go through that can't be stored. */
  emergency: { watch: Emergency["watch"] } = { ...noEmergency };
  runner: Runner;
  #ids = 0;

  constructor(plan: Plan, stores: { readonly store: Store; readonly rollouts: RolloutStore }, now: number) {
    this.plan = plan;
    this.store = stores.store;
    this.rollouts = stores.rollouts;
    this.now = now;
    this.runner = this.#newRunner();
  }

  /** Makes the flag and the rollout; gives the rollout's id. */
  async begin(): Promise<string> {
    const { flag, environment, name, digest } = this.plan;
    const definition = {
      key: flag,
      type: "boolean" as const,
      description: "",
      variants: defaultVariants("boolean"),
      tags: [],
    };
    const config = defaultConfig(definition);
    const meta = { actor: "test", action: "flag.created", at: this.now };
    await this.store.createFlag(definition, { development: config, staging: config, production: config }, meta);
    await this.rollouts.savePlan({ name, digest, text: "", createdAt: this.now, createdBy: "test" });
    const first = schedule(this.plan, { at: this.now, startAt: this.now, by: "scenario" });
    const dueAt = dueAtOf(this.plan, first.state);
    const row: RolloutRow = {
      id: `r${(this.#ids += 1)}`,
      flag,
      environment,
      planName: name,
      planDigest: digest,
      state: first.state,
      seq: 0,
      createdAt: this.now,
      createdBy: "test",
      ...(dueAt !== undefined && { dueAt }),
    };
    const records = first.effects.flatMap((effect) => (effect.kind === "record" ? [effect.record] : []));
    await this.rollouts.createRollout(row, records, { actor: "test", at: this.now });
    await this.reload();
    return row.id;
  }

  /** The process is gone and another one comes up. */
  async reload(): Promise<void> {
    void this.runner.stop();
    this.runner = this.#newRunner();
    await this.runner.start();
  }

  /** Looks until nothing is due any more at this instant. */
  async attend(id: string): Promise<void> {
    for (let looks = 0; looks < 20; looks += 1) {
      const before = (await this.rollouts.rollout(id))?.seq;
      await this.runner.look();
      // What a kill is answered with is delivered behind the look.
      await this.settle(id);
      if ((await this.rollouts.rollout(id))?.seq === before) return;
    }
    throw new Error("the rollout does not come to rest");
  }

  /** Waits until nothing that was delivered is under way. */
  async settle(id: string): Promise<void> {
    for (let before = -1, now = -2; before !== now;) {
      before = (await this.rollouts.rollout(id))?.seq ?? 0;
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
      await new Promise<void>((resolve) => setImmediate(resolve));
      now = (await this.rollouts.rollout(id))?.seq ?? 0;
    }
  }

  async killByHand(by: string): Promise<void> {
    const { environment, flag } = this.plan;
    await this.store.changeConfig(environment, flag, kill, {
      actor: by,
      action: "flag.killed",
      at: this.now,
      urgent: true,
    });
    await this.runner.flagTouched([environment], flag);
  }

  async records(id: string): Promise<readonly RolloutRecord[]> {
    return (await this.rollouts.rolloutRecords(id, 0, 100_000)).map(({ record }) => record);
  }

  /** What users get: the percentage while the flag is on, 0 while it is off. */
  async exposure(): Promise<number> {
    const config = (await this.store.config(this.plan.environment, this.plan.flag))?.config;
    if (config === undefined || !config.enabled) return 0;
    return "percentage" in config.fallthrough ? config.fallthrough.percentage : Number.NaN;
  }

  #newRunner(): Runner {
    const provider: MetricProvider = {
      sample: async (metric) => {
        const sample = this.metric(metric.name, this.now);
        switch (sample.kind) {
          case "value":
            return { kind: "value", value: sample.value, observedAt: this.now - sample.ageMs, raw: "" };
          case "noData":
            return { ...sample, raw: "" };
          case "error":
            return { ...sample, cause: "provider" };
        }
      },
      baseline: async () => ({ kind: "noData", reason: "no past", raw: "" }),
    };
    return new Runner({
      store: this.rollouts,
      config: (environment, flag) => this.store.config(environment, flag),
      audit: (query) => this.store.audit(query),
      intake: {
        holding: () => this.intake.holding(),
        drain: (measured) => this.intake.drain(measured),
        beginEpoch: (measured, of) => this.intake.beginEpoch(measured, of),
        sums: (measured) => this.intake.sums(measured),
        keep: (measured, state) => this.intake.keep(measured, state),
        kept: (measured) => this.intake.kept(measured),
        total: () => undefined,
      },
      publish: async (environment) => {
        this.published.push(environment);
      },
      providers: { prometheus: provider, http: provider, sdk: provider },
      clock: { now: () => this.now, monotonicMs: () => this.now },
      logger: silentLogger,
      meter: silentMeter,
      scrub: (text) => text,
      leadership: soleServer,
      emergency: this.emergency,
      timers: { after: () => () => undefined, every: () => () => undefined },
      parse: () => this.plan,
      onTakenBack: (takenBack) => void this.takenBack.push(takenBack),
    });
  }
}
