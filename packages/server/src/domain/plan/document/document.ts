import { z } from "zod";
import { choice, duration, percentage } from "./leaves.ts";
import { metadata } from "./metadata.ts";
import { metrics, prometheusServer } from "./metrics.ts";
import { LIST_LENGTH_MAX, precondition, triggers } from "./rules.ts";
import { completion, escalationStep, notifyRule, rollback, stage, window } from "./stages.ts";

/** More stages than this are a loop, not a plan. */
export const STAGES_MAX = 50;

const spec = z
  .strictObject({
    flag: z
      .string()
      .min(1)
      .max(128)
      .meta({
        title: "flag key",
        description: "The flag that is ramped.",
        examples: ["sliceB_documents"],
        pattern: "^[A-Za-z0-9._/-]{1,128}$",
      }),
    environment: z
      .string()
      .min(1)
      .max(64)
      .meta({
        title: "name",
        description: "Where.",
        examples: ["production"],
        pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
      }),
    interval: duration("How often metrics are sampled, 1s to 1h.", { examples: ["10s"], default: "10s" }).optional(),
    window: window.optional(),
    prometheus: prometheusServer.optional(),
    metrics: metrics.optional(),
    preconditions: z
      .array(precondition)
      .max(LIST_LENGTH_MAX)
      .meta({ description: "What must hold before anybody is exposed." })
      .optional(),
    triggers: triggers(
      "What stops the rollout. Watched whenever anybody is exposed: in every stage, and while paused or awaiting approval.",
    ).optional(),
    stages: z.array(stage).min(1).max(STAGES_MAX).meta({ description: "The ramp, in order." }),
    rollback: rollback.optional(),
    completion: completion.optional(),
    notify: z.array(notifyRule).max(LIST_LENGTH_MAX).meta({ description: "Who is told what and when." }).optional(),
    escalation: z
      .array(escalationStep)
      .max(20)
      .meta({ description: "Who is called when nobody reacts, in order of time." })
      .optional(),
    remindEvery: duration("How often an approval or a pause that waits is brought to mind.", {
      examples: ["4h"],
      default: "4h",
    }).optional(),
    lease: z
      .union([z.literal("off"), z.string()])
      .meta({
        title: "duration or off",
        description:
          "A client that had no contact with the server for this long serves the off variant by itself; at least 10s.",
        examples: ["25s", "off"],
        default: "25s",
      })
      .optional(),
    holdback: percentage(
      "Share kept off while the last stage lasts, so that a comparison remains possible; released at its end.",
      { examples: ["1%"], default: 0 },
    ).optional(),
    onSharedIncident: choice(
      ["rollback", "hold"],
      "What a rollback trigger does while users without the flag fare as badly and no comparison blames the flag: roll back all the same, or pause and ask.",
      "rollback",
    ).optional(),
    noData: choice(
      ["hold", "pause", "rollback"],
      "What missing data does after `noDataAfter`. It never lets a stage advance, whatever this says.",
      "hold",
    ).optional(),
    noDataAfter: duration("How long data may be missing.", { examples: ["5m"], default: "5m" }).optional(),
    baselineWindow: duration("How far back before exposure `baseline` looks.", {
      examples: ["1h"],
      default: "1h",
    }).optional(),
    traffic: z
      .union([z.number().gt(0), z.string()])
      .meta({
        title: "rate",
        description:
          "Requests on the flag's path, all users together; lets `plan validate` warn of rules that a single error can fire.",
        examples: ["15/s", "900/m"],
      })
      .optional(),
  })
  .meta({ description: "What is ramped, by which numbers, in which steps." });

/** A plan as it is written. The grammars of its texts and what names refer to are checked when it is lowered. */
export const planDocument = z
  .strictObject({
    apiVersion: z.literal("rampart/v1").meta({ description: "The format's version." }),
    kind: z.literal("RolloutPlan").meta({ description: "What the document is." }),
    metadata,
    spec,
  })
  .meta({
    title: "Rampart rollout plan",
    description: "How a feature flag is ramped up in stages, what is watched meanwhile, and what takes it back to 0 %.",
  });

/** A plan's YAML as the schema lets it through: durations, conditions and percentages are still text. */
export type PlanDocument = z.infer<typeof planDocument>;
