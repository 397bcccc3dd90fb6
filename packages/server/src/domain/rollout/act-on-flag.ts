import { isDeepStrictEqual } from "node:util";
import type { FlagConfig, FlagDefinition } from "@rampart/core";
import type { Refusal } from "../problems.ts";
import { rampTo } from "../ramp.ts";
import type { ConfigRecord, Decision } from "../records.ts";
import type { Effect } from "./effect.ts";

/** The effects that change the flag itself. */
export type FlagEffect = Extract<Effect, { readonly kind: "setPercentage" | "measure" | "kill" | "release" }>;

const FLAG_EFFECTS: readonly Effect["kind"][] = [
  "setPercentage",
  "measure",
  "kill",
  "release",
] satisfies FlagEffect["kind"][];

/** Whether an effect changes the flag. */
export function isFlagEffect(effect: Effect): effect is FlagEffect {
  return FLAG_EFFECTS.includes(effect.kind);
}

/**
 * What a step's effects make of the flag's configuration, in their order; `measures` is what SDKs measure for the rollout. A ramp is refused where a person's would be (a killed
 * flag); a kill and a release never are.
 */
export function actOnFlag(
  record: ConfigRecord,
  definition: FlagDefinition,
  effects: readonly FlagEffect[],
  measures: readonly string[] = [],
): Decision<FlagConfig, Refusal> {
  let config = record.config;
  for (const effect of effects) {
    switch (effect.kind) {
      case "setPercentage": {
        const decision = rampTo({ ...record, config }, definition, effect.percentage);
        if (decision.kind === "refuse") return decision;
        config = managed(decision.kind === "write" ? decision.next : config, { leaseMs: effect.leaseMs, measures });
        break;
      }
      case "measure":
        config = managed(config, { leaseMs: config.leaseMs, measures });
        break;
      case "kill":
        config = rolledBack(config);
        break;
      case "release":
        config = managed(config, { leaseMs: undefined, measures: [] });
        break;
    }
  }
  return isDeepStrictEqual(config, record.config) ? { kind: "keep" } : { kind: "write", next: config };
}

/** Off for everybody, and at 0 %, so that restoring the flag afterwards exposes nobody. The lease stays: who does not hear of it goes off by itself. */
function rolledBack(config: FlagConfig): FlagConfig {
  const { fallthrough } = config;
  return { ...config, enabled: false, fallthrough: "percentage" in fallthrough ? { percentage: 0 } : fallthrough };
}

/** With what a flag carries only while a rollout manages it. */
function managed(
  config: FlagConfig,
  { leaseMs, measures }: { readonly leaseMs: number | undefined; readonly measures: readonly string[] },
): FlagConfig {
  const { leaseMs: _, measures: __, ...rest } = config;
  return {
    ...rest,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(measures.length === 0 ? {} : { measures }),
  };
}
