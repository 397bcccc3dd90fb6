import { z } from "zod";
import { choice, condition, duration, line, name, oneOrMany, prose, query } from "./leaves.ts";

/** Lists longer than this are not plans any more. */
export const LIST_LENGTH_MAX = 100;

const alpha = (description: string, example: number) =>
  z
    .number()
    .gt(0)
    .max(0.5)
    .meta({ description, examples: [example] });

const margin = (description: string, example: string) =>
  z.string().meta({ title: "margin", description, examples: [example], pattern: "^\\d+(?:\\.\\d+)?%$" });

const compareWithin = z
  .union([
    z.string().meta({ examples: ["upload_errors within 25%"] }),
    z.strictObject({
      metric: line("A metric that the SDKs report.", "upload_errors"),
      within: margin(
        "How much worse the on cohort may be. Default: 100% (twice as many failures), or 20% (longer) for p50, p95 and p99.",
        "25%",
      ).optional(),
      alpha: alpha("How often harm beyond `within` may pass for none. Default: 0.05.", 0.01).optional(),
    }),
  ])
  .meta({
    title: "comparison",
    description:
      "The on cohort is shown to be no worse than the off cohort by more than this: `upload_errors within 25%`.",
  });

const compareWorse = z
  .union([
    z.string().meta({ examples: ["upload_errors worse by 25%"] }),
    z.strictObject({
      metric: line("A metric that the SDKs report.", "upload_errors"),
      worseBy: margin("How much worse is tolerated. Default: nothing.", "25%").optional(),
      alpha: alpha(
        "How often a false alarm is accepted, over the whole rollout. Default: a share of 0.01, by `weight`.",
        0.005,
      ).optional(),
      weight: z
        .number()
        .gt(0)
        .max(100)
        .meta({ description: "This metric's share of the rollout's alpha, against the others' weights." })
        .optional(),
      minSamples: z
        .int()
        .min(0)
        .max(1_000_000)
        .meta({ description: "No alarm before this many users were seen. Needed by nothing; it only delays." })
        .optional(),
    }),
  ])
  .meta({
    title: "comparison",
    description: "The on cohort is worse than the off cohort at the same instant: `upload_errors worse by 25%`.",
  });

/** What must hold before a stage is done. */
export const criterion = z
  .union([
    condition("A condition that must hold for the last 2 minutes."),
    z
      .strictObject({
        require: condition("What must be true.").optional(),
        for: duration("For how long without a break, up to now.", {
          examples: ["10m", "24h"],
          default: "2m",
        }).optional(),
        compare: compareWithin.optional(),
      })
      .meta({ oneOf: [{ required: ["require"] }, { required: ["compare"] }] }),
  ])
  .meta({
    title: "criterion",
    description: "A condition (`p95 < 500ms`), or a mapping with `require` and `for`, or `compare`.",
  });

/** Criteria of a stage, of the verification of a rollback, of a review. */
export const criteria = (description: string) => z.array(criterion).max(LIST_LENGTH_MAX).meta({ description });

/** What a person ticks: in a stage, after a rollback, after completion. */
export const checklistItem = z
  .union([
    line("What is to be done.", "User feedback neutral or positive"),
    z.strictObject({
      item: line("What is to be done.", "Preserve logs and metrics"),
      roles: oneOrMany(line("A role.", "engineering-lead"), "Who may tick it. Default: any operator.", 20).optional(),
      within: duration("Due this long after it opened; then people are reminded.", {
        examples: ["1h", "24h"],
      }).optional(),
      run: prose("A command for it, shown to be copied. Rampart never runs it.", "gh run list --limit 1").optional(),
    }),
  ])
  .meta({ title: "checklist item", description: "Something that a person ticks: text, or a mapping." });

/** Things that people tick. */
export const checklist = (description: string) => z.array(checklistItem).max(LIST_LENGTH_MAX).meta({ description });

/** What makes a rollout go back, pause or tell somebody. Which fields go together is checked when it is lowered. */
export const trigger = z
  .strictObject({
    name: name("Names the trigger; in a stage, the same name replaces the plan's trigger there.", "errors"),
    when: condition("Fires when this has been true on every sample for `for`.").optional(),
    promql: query(
      "Fires as an alert rule with this expression would: when it gives any series. What was read is how many.",
      "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 0.4",
    ).optional(),
    signal: line("Fires when this signal is pushed.", "security_incident").optional(),
    compare: compareWorse.optional(),
    for: duration("How long it has to be true. Default: the first sample fires.", {
      examples: ["2m", "15m"],
    }).optional(),
    action: choice(
      ["rollback", "pause", "notify"],
      "To 0 % at once; hold the percentage and ask; or only tell people.",
    ),
    severity: choice(
      ["P0", "P1", "P2", "P3"],
      "For notifications and escalation. Default: P1 for rollback, P2 for pause, P3 for notify.",
    ).optional(),
    description: prose(
      "Why, and what to look at, for people.",
      "Suggests authentication or validation issues",
    ).optional(),
  })
  .meta({
    description:
      "Something that stops the rollout: exactly one of `when`, `promql`, `signal`, `compare`, and an action.",
    oneOf: [{ required: ["when"] }, { required: ["promql"] }, { required: ["signal"] }, { required: ["compare"] }],
  });

/** Triggers of the plan or of a stage. */
export const triggers = (description: string) => z.array(trigger).max(LIST_LENGTH_MAX).meta({ description });

/** What has to be true before anybody is exposed: exactly one of `check`, `require` and `drill`. */
export const precondition = z
  .strictObject({
    check: line("Something that a person ticks.", "Staging environment fully validated").optional(),
    roles: oneOrMany(
      line("A role.", "engineering-lead"),
      "Who may tick the check. Default: any operator.",
      20,
    ).optional(),
    run: prose("A command for the check, shown to be copied. Rampart never runs it.", "npm run test:smoke").optional(),
    require: condition("Something that must be true of a metric.").optional(),
    for: duration("For how long without a break, up to now; with `require`.", {
      examples: ["5m"],
      default: "2m",
    }).optional(),
    drill: z
      .strictObject({
        within: duration("How old the drill may be.", { examples: ["7d"] }),
        under: duration("How long its rollback may have taken.", { examples: ["30s"], default: "30s" }).optional(),
      })
      .meta({
        description: "The newest rollback drill was run lately, was fast enough, and every client confirmed it.",
      })
      .optional(),
  })
  .meta({
    description: "Holds before anybody is exposed: exactly one of `check`, `require`, `drill`.",
    oneOf: [{ required: ["check"] }, { required: ["require"] }, { required: ["drill"] }],
  });
