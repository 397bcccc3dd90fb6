import { z } from "zod";
import { choice, duration, line, moment, name, oneOrMany, percentage, prose } from "./leaves.ts";
import { checklist, checklistItem, criteria, triggers } from "./rules.ts";
import { TIME_PATTERN, WEEKDAYS } from "../grammar/window.ts";

const timeOfDay = (description: string, example: string) =>
  z.string().meta({ title: "time of day", description, examples: [example], pattern: TIME_PATTERN });

/** When a stage may begin. */
export const window = z
  .strictObject({
    from: timeOfDay("Opens.", "02:00"),
    to: timeOfDay("Closes; on the next day when it is not after `from`.", "04:00"),
    timezone: z.string().meta({ title: "time zone", description: "An IANA name.", examples: ["UTC", "Europe/Berlin"] }),
    days: z
      .array(z.enum(WEEKDAYS))
      .min(1)
      .max(7)
      .meta({ title: "list of days", description: "Days on which it opens. Default: every day.", examples: ["mon"] })
      .optional(),
  })
  .meta({
    description: "When a stage may begin. A stage that has begun goes on outside it; triggers work at any time.",
  });

const approval = z
  .union([
    line("A role, one of whose holders approves.", "engineering-lead"),
    z.strictObject({
      role: line("A role.", "executive"),
      count: z
        .int()
        .min(1)
        .max(50)
        .meta({ description: "How many different people.", examples: [2], default: 1 })
        .optional(),
    }),
  ])
  .meta({ title: "approval", description: "A role, or a role with how many of its holders." });

/** One step of the ramp. */
export const stage = z
  .strictObject({
    name: name("Names the stage.", "canary"),
    percentage: percentage("Share of users that get the flag, with at most three decimals; above the stage before."),
    duration: duration("How long the stage lasts at least.", { examples: ["15m", "24h"] }),
    timeout: duration(
      "When the stage is not done by then: `onTimeout`. Counted from its beginning; above `duration`. Default: it waits.",
      { examples: ["30m", "36h"] },
    ).optional(),
    onTimeout: choice(["pause", "rollback"], "What a timeout does.", "pause").optional(),
    approvals: z
      .array(approval)
      .max(20)
      .meta({ description: "Opens the stage: who has to agree before its percentage is set." })
      .optional(),
    criteria: criteria(
      "Closes the stage: what must hold before it is done. Earlier stages' criteria hold too.",
    ).optional(),
    inherit: z
      .boolean()
      .meta({ description: "`false`: only this stage's own criteria, here and from here on.", default: true })
      .optional(),
    checklist: checklist("Closes the stage: what people tick before it is done.").optional(),
    evidence: z
      .array(checklistItem)
      .max(50)
      .meta({
        description:
          "Closes the stage: what people or CI attach before it is done, with the command that makes it. Samples, answers and approvals are kept anyway.",
      })
      .optional(),
    triggers: triggers(
      "Armed in this stage only, beside the plan's; the same name replaces the plan's trigger here.",
    ).optional(),
    window: window.optional(),
    description: prose(
      "What the stage is for, for people.",
      "Detect critical issues with minimal blast radius",
    ).optional(),
  })
  .meta({ description: "A share of the users, for a time." });

/** What happens once the flag is at 0 % again. */
export const rollback = z
  .strictObject({
    verify: z
      .strictObject({
        within: duration("By when the criteria have to hold again; else it is escalated.", { examples: ["5m"] }),
        criteria: criteria("What recovery is. Without it: the criteria of the stage that was rolled back.").optional(),
      })
      .meta({ description: "Watched after a rollback: did it help?" })
      .optional(),
    checklist: checklist("Opens with a rollback.").optional(),
  })
  .meta({
    description:
      "What happens after a rollback. The rollback itself needs no description: the flag goes to 0 % for everybody.",
  });

const review = z
  .strictObject({
    name: name("Names the review.", "30-days"),
    after: duration("How long after completion.", { examples: ["7d", "30d"] }),
    criteria: criteria("Sampled once, then: were the aims reached?").optional(),
    checklist: checklist("Opens with the review.").optional(),
  })
  .meta({ description: "A look back, some time after completion." });

/** What is left to do after the last stage. */
export const completion = z
  .strictObject({
    checklist: checklist("Opens when the rollout is completed; `within` counts from there.").optional(),
    reviews: z.array(review).max(50).meta({ description: "Looks back, some time after completion." }).optional(),
  })
  .meta({ description: "What is left to do after the last stage. It holds nothing up." });

const severities = choice(["P0", "P1", "P2", "P3"], "A severity.");
const receiver = line("A notifier of the server.", "eng-slack");

/** Kept in step with `NotifyEvent`. */
export const NOTIFY_EVENTS = [
  "scheduled",
  "started",
  "stage",
  "stageDone",
  "awaiting",
  "reminder",
  "paused",
  "resumed",
  "trigger",
  "noData",
  "timeout",
  "rollback",
  "recovered",
  "notRecovered",
  "completed",
  "cancelled",
  "escalation",
  "acknowledged",
  "summary",
  "review",
  "overdue",
] as const;

/** Who is told of what, or when. */
export const notifyRule = z
  .strictObject({
    on: oneOrMany(z.enum(NOTIFY_EVENTS), "On these events.", NOTIFY_EVENTS.length).optional(),
    at: oneOrMany(
      moment("A moment."),
      "At these moments: `-2h` is two hours before `from`, `+24h` a day after.",
      50,
    ).optional(),
    from: choice(
      ["start", "completed"],
      "What `at` counts from: the (scheduled) start, or completion.",
      "start",
    ).optional(),
    every: duration("A summary this often while the rollout goes on.", { examples: ["24h"] }).optional(),
    severity: oneOrMany(severities, "Only these severities. Default: any.", 4).optional(),
    stages: oneOrMany(name("A stage.", "full"), "Only events of these stages. Default: any.", 50).optional(),
    to: oneOrMany(receiver, "Who is told.", 20),
    message: prose(
      "What to say beside the facts; {{value}} and other placeholders are filled in.",
      "Deployment window confirmed",
    ).optional(),
  })
  .meta({
    description: "Who is told what and when: exactly one of `on`, `at`, `every`.",
    oneOf: [{ required: ["on"] }, { required: ["at"] }, { required: ["every"] }],
  });

/** Who is called next while nobody reacts. */
export const escalationStep = z
  .strictObject({
    after: duration("How long after the rollback or the pause, until somebody acknowledges it.", {
      examples: ["0m", "15m"],
    }),
    to: oneOrMany(receiver, "Who is told.", 20),
    severity: oneOrMany(severities, "Only these severities. Default: any.", 4).optional(),
    message: prose(
      "What they are expected to do; {{value}} and other placeholders are filled in.",
      "Full team, war room",
    ).optional(),
  })
  .meta({ description: "Who is called when nobody reacts." });
