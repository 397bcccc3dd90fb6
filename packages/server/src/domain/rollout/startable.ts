import type { FlagDefinition } from "@rampart/core";
import { quoted, type Refusal } from "../problems.ts";
import { configuredPercentage } from "../ramp.ts";
import type { ConfigRecord } from "../records.ts";

/**
 * Why a rollout can't begin on a flag as it is; undefined: it can. It must begin where nobody is on by percentage, or what it raises step
 * by step would already be there, and what it takes back would not be what it gave.
 */
export function refuseToBegin(
  { key, environment, config }: ConfigRecord,
  definition: FlagDefinition,
): Refusal | undefined {
  const flag = `The flag ${quoted(key)}`;
  if (definition.type !== "boolean") {
    return {
      code: "NOT_BOOLEAN",
      detail: `${flag} is of type ${definition.type}; a rollout ramps boolean flags.`,
      hint: "Make a boolean flag for it.",
    };
  }
  const path = `POST /api/v1/environments/${environment}/flags/${key}`;
  const percentage = configuredPercentage(config);
  if (!config.enabled) {
    const first =
      percentage === 0
        ? ""
        : `Set it to 0 % with ${path}/rollout, so that nobody is on when it is restored. Then restore it: `;
    return {
      code: "FLAG_DISABLED",
      detail: `${flag} is killed in ${environment}: no percentage would have an effect.`,
      hint: first === "" ? `Restore it first: ${path}/restore.` : `${first}${path}/restore.`,
    };
  }
  if (percentage === 0) return undefined;
  const there = percentage === undefined ? "serves a split" : `is at ${percentage} % already`;
  return {
    code: "FLAG_EXPOSED",
    detail: `${flag} ${there} in ${environment}; a rollout begins at 0 %.`,
    hint: `Ramp it down first: ${path}/rollout with {"percentage": 0}.`,
  };
}
