import { actorName, measure, rolloutCauseWords } from "@rampart/core";
import { formatDuration } from "../plan/grammar/duration.ts";
import type { Plan } from "../plan/types.ts";
import type { Cause } from "./cause.ts";
import { SHARED_TEXT } from "./comparison-line.ts";
import { waitingFor } from "./explain.ts";
import { own } from "./lookup.ts";
import { statusOf, type RolloutState, type Status } from "./state.ts";
import { stageInView } from "./turn.ts";
import type { Waiting, WaitingCriterion } from "./waiting.ts";

/** Where the rollout stands and what it waits for, in one sentence for people. All of what it waits for is `waitingFor`. */
export function sentence(plan: Plan, state: RolloutState): string {
  const stage = stageInView(plan, state);
  const where = stage ? ` ${stage.name} (${state.percentage} %)` : "";
  const { phase } = state;
  switch (phase.kind) {
    case "rolledBack":
      return `Rolled back ${brought(phase.cause)}${why(phase.cause)}; ${RECOVERY[phase.recovery]}.`;
    case "completed":
      return `Completed at ${state.percentage} %.`;
    case "cancelled":
      return "Cancelled before anybody was exposed.";
    case "scheduled":
    case "preconditions":
    case "awaiting":
    case "running":
    case "rollingBack":
    case "verifying": {
      const waiting = mostTelling(waitingFor(plan, state));
      const [decision] = waiting.flatMap((one) => (one.kind === "decision" ? [one] : []));
      const parts = together(waiting.flatMap((one) => phrase(plan, state, one) ?? []));
      const head = `${HEAD[statusOf(state)]}${where}`;
      if (decision !== undefined) {
        const rest = parts.length === 0 ? "" : `, and for ${list(parts)}`;
        return `${head} ${brought(decision.cause)}: waits for a person to resume, promote or roll it back${rest}.`;
      }
      return parts.length === 0
        ? `${head}: nothing is missing, it goes on with the next sampling.`
        : `${head}: waits for ${list(parts)}.`;
    }
  }
}

/** What brought it about: `by trigger errors`, `by Jane`, `because canary is out of time`. */
function brought(cause: Cause): string {
  const { kind, subject, by } = cause;
  const who = by === undefined ? undefined : actorName(by);
  if (kind === "command") return `by ${who ?? "hand"}`;
  if (kind === "rejection") return `because ${who ?? subject} rejected it`;
  if (kind === "noData") return `because there is no data of ${subject}`;
  return `${kind === "trigger" || kind === "alert" ? "by" : "because"} ${rolloutCauseWords(cause)}`;
}

/** What comparing the cohorts says of it. */
function why({ comparison, attribution }: Cause): string {
  if (comparison !== undefined) return ` (${comparison})`;
  return attribution === "shared" ? ` (${SHARED_TEXT})` : "";
}

const RECOVERY = {
  recovered: "recovered",
  notRecovered: "not recovered: look elsewhere",
  unchecked: "nothing was there to see recovery by",
} as const;

const HEAD: { readonly [S in Status]: string } = {
  scheduled: "Scheduled",
  preconditions: "Preconditions",
  awaiting: "Awaiting",
  running: "Running",
  paused: "Paused",
  rollingBack: "Rolling back",
  verifying: "Verifying",
  rolledBack: "Rolled back",
  completed: "Completed",
  cancelled: "Cancelled",
};

/** A metric without data, or that can't be compared, makes its criteria inconclusive: saying it once is enough. */
function mostTelling(waiting: readonly Waiting[]): readonly Waiting[] {
  const silent = waiting.flatMap((one) => (one.kind === "data" || one.kind === "comparison" ? [one.metric] : []));
  return waiting.filter(
    (one) =>
      one.kind !== "criterion" ||
      one.verdict.kind === "pass" ||
      one.verdict.kind === "fail" ||
      !silent.includes(one.metric),
  );
}

/** One thing that is waited for. What has the same words around its name and the same `plural` is said together; without `plural` it stands alone. */
interface Phrase {
  readonly before?: string;
  readonly name: string;
  readonly after?: string;
  /** What several of them are called. */
  readonly plural?: string;
}

/** So many of a kind are named; where there are more, all but the first two are counted. */
const NAMED_MAX = 3;

/** Plans of real teams wait for two dozen ticks and a dozen metrics at once: what is alike is said in one breath, where the first of them stands. */
function together(phrases: readonly Phrase[]): readonly string[] {
  const groups = new Map<string, Phrase[]>();
  for (const [index, phrase] of phrases.entries()) {
    const { before, after, plural } = phrase;
    const key = plural === undefined ? `${index}` : JSON.stringify([before, after, plural]);
    groups.set(key, [...(groups.get(key) ?? []), phrase]);
  }
  return [...groups.values()].map((group) => {
    const { before = "", after = "", plural = "" } = group[0] ?? {};
    const names = group.map(({ name }) => name);
    return `${before}${names.length <= NAMED_MAX ? list(names) : list([...names.slice(0, 2), `${names.length - 2} more ${plural}`])}${after}`;
  });
}

/** Undefined: that is the sentence itself, and not one of its parts. */
function phrase(plan: Plan, state: RolloutState, waiting: Waiting): Phrase | undefined {
  switch (waiting.kind) {
    case "start":
      return { name: `its start in ${timeLeft(waiting.at - state.now)}` };
    case "check":
    case "checklist": {
      const by = waiting.roles.length > 0 ? ` by ${waiting.roles.join(" or ")}` : "";
      return { name: `"${waiting.text}"`, after: ` to be ticked${by}`, plural: "items" };
    }
    case "drill": {
      const { underMs, withinMs, found } = waiting;
      return { name: `a drill under ${formatDuration(underMs)} within ${formatDuration(withinMs)} (${DRILL[found]})` };
    }
    case "criterion":
      return criterionPhrase(plan, waiting);
    case "duration":
      return { name: `${timeLeft(waiting.remainingMs)} more of ${formatDuration(waiting.durationMs)}` };
    case "sample":
      return { name: "a sampling" };
    case "approval": {
      const { stage, role, given, needed } = waiting;
      const count = needed > 1 ? ` (${given} of ${needed})` : "";
      return { before: `approval of ${stage} by `, name: `${role}${count}`, plural: "roles" };
    }
    case "window":
      return {
        name:
          waiting.opensAt === undefined
            ? `a window for ${waiting.stage} that does not open in the next two weeks`
            : `the window of ${waiting.stage}, which opens in ${timeLeft(waiting.opensAt - state.now)}`,
      };
    case "trigger":
      return { name: `trigger ${waiting.trigger} to be false (${waiting.condition} is true)` };
    case "alert":
      return { name: `alert ${waiting.alert} to be resolved` };
    case "comparison":
      return { before: "a comparison of ", name: waiting.metric, after: ` (${waiting.reason})`, plural: "metrics" };
    case "data":
      return { before: "data of ", name: waiting.metric, after: ` (${waiting.reason})`, plural: "metrics" };
    case "decision":
      return undefined;
    case "commit":
      return { name: "the confirmation that the flag is off" };
    case "recovery": {
      const criteria = together(waiting.criteria.map((one) => criterionPhrase(plan, one)));
      return { name: `${list(criteria)}, for ${timeLeft(waiting.until - state.now)} at most` };
    }
  }
}

/** In whole seconds, rounded up: a countdown that ends at nothing. */
function timeLeft(ms: number): string {
  return formatDuration(Math.max(0, Math.ceil(ms / 1000) * 1000));
}

const DRILL = {
  none: "there was none",
  failed: "not every client confirmed the last one",
  tooOld: "the last one is too old",
  tooSlow: "the last one took too long",
} as const;

function criterionPhrase(plan: Plan, { criterion, metric, forMs, heldMs, verdict }: WaitingCriterion): Phrase {
  switch (verdict.kind) {
    case "pass":
      return {
        name: `${criterion} (held for ${formatDuration(heldMs)} of ${formatDuration(forMs)})`,
        plural: "criteria that hold so far",
      };
    case "fail": {
      const now = measure(verdict.value, own(plan.metrics, metric)?.unit ?? "none");
      return { name: `${criterion} (now ${now})`, plural: "criteria that don't hold" };
    }
    case "inconclusive":
    case "error":
      return { name: criterion, after: ` (${verdict.reason})`, plural: "criteria" };
  }
}

function list(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
