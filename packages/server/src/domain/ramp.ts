import type { FlagConfig, FlagDefinition } from "@rampart/core";
import { checkPercentage } from "@rampart/core";
import type { ConfigRecord, Decision } from "./records.ts";
import type { Refusal } from "./problems.ts";
import { quoted } from "./problems.ts";

/**
 * Sets the share of users whom the fallthrough gives the on variant. Targets and rules stay as they are. A killed flag takes
 * 0 and nothing else: raising it would look like a ramp and change nothing.
 */
export function rampTo(
  record: ConfigRecord,
  definition: FlagDefinition,
  percentage: number,
): Decision<FlagConfig, Refusal> {
  if (definition.type !== "boolean") {
    return refuse({
      code: "NOT_BOOLEAN",
      detail: `The flag ${quoted(definition.key)} is of type ${definition.type}; only boolean flags have a percentage.`,
      hint: "Change its split with PATCH /api/v1/environments/:env/flags/:key.",
    });
  }
  const checked = checkPercentage(percentage);
  if (!checked.ok) {
    const { detail, hint } = checked;
    return refuse({ code: "INVALID_PERCENTAGE", detail, hint, errors: [{ pointer: "/percentage", detail }] });
  }
  if (!record.config.enabled && percentage > 0) {
    return refuse({
      code: "FLAG_DISABLED",
      detail: `The flag ${quoted(record.key)} was killed in ${record.environment}: at ${percentage} % still nobody would get it.`,
      hint: `Restore it first: POST /api/v1/environments/${record.environment}/flags/${record.key}/restore brings back what was configured before the kill. Ramp to 0 before that to start again from 0 %.`,
    });
  }
  if (configuredPercentage(record.config) === percentage) return { kind: "keep" };
  return { kind: "write", next: { ...record.config, fallthrough: { percentage } } };
}

/**
 * Nobody gets the on variant any more, by target, rule or percentage. All three stay stored for `restore`. Looks at nothing that
 * could be wrong or out of date, so that it never conflicts and is never refused.
 */
export function kill(record: ConfigRecord): Decision<FlagConfig, never> {
  if (!record.config.enabled) return { kind: "keep" };
  return { kind: "write", next: { ...record.config, enabled: false } };
}

/** Undoes `kill`: targets, rules and percentage are what they were. */
export function restore(record: ConfigRecord): Decision<FlagConfig, never> {
  if (record.config.enabled) return { kind: "keep" };
  return { kind: "write", next: { ...record.config, enabled: true } };
}

/** The share of users, 0…100, whom the fallthrough gives the on variant; 0 while killed; undefined when it isn't a matter of on and off. */
export function percentageOf(config: FlagConfig): number | undefined {
  const configured = configuredPercentage(config);
  return config.enabled || configured === undefined ? configured : 0;
}

/** As `percentageOf`, whether killed or not: what a restore would bring back. */
export function configuredPercentage(config: FlagConfig): number | undefined {
  const serve = config.fallthrough;
  if ("percentage" in serve) return serve.percentage;
  if ("variant" in serve) return serve.variant === "on" ? 100 : serve.variant === "off" ? 0 : undefined;
  return undefined;
}

const refuse = (problem: Refusal): { readonly kind: "refuse"; readonly problem: Refusal } => ({
  kind: "refuse",
  problem,
});
