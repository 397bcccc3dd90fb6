import { inOneGo, type Pieces } from "../pieces.ts";
import type { Plan } from "../plan/types.ts";
import type { Cause } from "../rollout/cause.ts";
import { alignedInstant, nextDeadline, nextSampleAt } from "../rollout/deadline.ts";
import type { Effect, RecordEvent, RolloutRecord } from "../rollout/effect.ts";
import { inOrder, type RolloutEvent } from "../rollout/event.ts";
import { sentence } from "../rollout/sentence.ts";
import type { EpochMs } from "../rollout/instant.ts";
import { skipSamplings, turningPoints } from "../rollout/quiet.ts";
import { isUnseen } from "../rollout/sight.ts";
import { isOver, statusOf, type RolloutState, type Status } from "../rollout/state.ts";
import { schedule, step, type Step } from "../rollout/step.ts";
import { stageInView } from "../rollout/turn.ts";
import { assumePreconditions } from "./assume.ts";
import { baselinesOf, leavesBaselines } from "./baselines.ts";
import { Cohorts, SIMULATION_REQUESTS_MAX } from "./cohorts.ts";
import { Feed } from "./feed.ts";
import type { Scenario, ScenarioEvent } from "./scenario.ts";

/** A simulation takes no more steps than this: some seconds. Skipping what is quiet, real scenarios take some hundreds. */
export const SIMULATION_STEPS_MAX = 1_000_000;

/** How a scenario went. */
export interface Simulation {
  /** Where the rollout stands at the end of the scenario. */
  readonly outcome: Status;
  readonly timeline: readonly RolloutRecord[];
  /** What it waits for then, in a sentence. */
  readonly summary: string;
  /** What was taken for granted, and what cut the simulation short; for people. */
  readonly notes: readonly string[];
  readonly startAt: EpochMs;
  readonly state: RolloutState;
}

/** How it is played. Nothing of this changes the timeline, but for a lower `stepsMax`. */
export interface SimulateOptions {
  /** Take every single sampling, also where none can change anything. The timeline is the same; for tests. */
  readonly everySampling?: boolean;
  /** Where somebody waits for it, fewer than `SIMULATION_STEPS_MAX`. */
  readonly stepsMax?: number;
  /** Told of every step that was taken. */
  readonly onStep?: (taken: TakenStep) => void;
}

/** One step of the reducer, for those who hold it against something else. */
export interface TakenStep {
  /** The plan without what the scenario takes for granted. */
  readonly plan: Plan;
  readonly before: RolloutState;
  readonly event: RolloutEvent;
  readonly after: Step;
}

/**
 * Plays a scenario against a plan with the reducer that production uses, on a virtual clock: every deadline, event and sampling in
 * turn, without waiting for any.
 */
export function simulate(plan: Plan, scenario: Scenario, options: SimulateOptions = {}): Simulation {
  return inOneGo(simulating(plan, scenario, options));
}

/** Instants that are lived through in one piece: a few milliseconds. */
const INSTANTS_A_PIECE = 50;

/** As `simulate`, piece by piece: for a process that has other things to do. */
export function* simulating(
  plan: Plan,
  scenario: Scenario,
  { everySampling = false, stepsMax = SIMULATION_STEPS_MAX, onStep }: SimulateOptions = {},
): Pieces<Simulation> {
  const assumed = assumePreconditions(plan, scenario);
  const player = new Player(assumed.plan, scenario, onStep);
  yield* player.play(everySampling, stepsMax);
  const { state, records } = player;
  return {
    outcome: statusOf(state),
    timeline: records,
    summary: sentence(assumed.plan, state),
    notes: [...assumed.notes, ...cutShort(player, stepsMax)],
    startAt: scenario.startAt,
    state,
  };
}

function cutShort({ steps, isExhausted }: Player, stepsMax: number): readonly string[] {
  const number = (value: number): string => value.toLocaleString("en-US");
  if (isExhausted)
    return [
      `stopped after ${number(SIMULATION_REQUESTS_MAX)} made-up requests: shorten \`until\` or lower \`requestsPerSecond\``,
    ];
  if (steps < stepsMax) return [];
  return [`stopped after ${number(stepsMax)} steps: shorten \`until\` or lengthen the plan's interval`];
}

/** One performance of a scenario. */
class Player {
  state: RolloutState;
  readonly records: RolloutRecord[] = [];
  steps = 0;
  readonly #plan: Plan;
  readonly #scenario: Scenario;
  readonly #feed: Feed;
  readonly #cohorts: Cohorts;
  readonly #onStep: SimulateOptions["onStep"];
  #nextEvent = 0;
  /** The server is down until then. */
  #downUntil: EpochMs | undefined;
  /** The newest sampling that the server found when it came up; undefined: it has been up all the time. */
  #foundSampleAt: EpochMs | undefined;
  /** The newest thing that happened was a sampling that changed nothing: the next one won't either, until something else does. */
  #quiet = false;
  #effects = 0;
  /** The reducer makes baselines of what it samples before exposure: every sampling counts then. */
  readonly #isLooking: boolean;

  constructor(plan: Plan, scenario: Scenario, onStep: SimulateOptions["onStep"]) {
    this.#plan = plan;
    this.#onStep = onStep;
    this.#scenario = scenario;
    this.#feed = new Feed(plan, scenario);
    this.#cohorts = new Cohorts(plan, scenario);
    const { startAt } = scenario;
    const first = schedule(plan, { at: startAt, startAt, by: "scenario" });
    this.state = first.state;
    this.#take({ kind: "baselineCaptured", at: startAt, values: baselinesOf(plan, scenario) });
    this.#isLooking = leavesBaselines(plan, scenario);
  }

  get isExhausted(): boolean {
    return this.#cohorts.isExhausted;
  }

  *play(everySampling: boolean, stepsMax: number): Pieces<void> {
    const end = this.#scenario.startAt + this.#scenario.untilMs;
    for (let instants = 1; this.steps < stepsMax && !this.isExhausted; instants++) {
      if (!everySampling && this.#quiet) this.#skip(end);
      const now = this.#next();
      if (now === undefined || now > end) return;
      this.#live(now);
      if (instants % INSTANTS_A_PIECE === 0) yield;
    }
  }

  #next(): EpochMs | undefined {
    const event = this.#scenario.events[this.#nextEvent];
    const eventAt = event && this.#scenario.startAt + event.atMs;
    const own = [
      nextDeadline(this.#plan, this.state),
      nextSampleAt(this.#plan, this.state),
      this.#cohorts.nextAt(this.state),
    ].filter((one) => one !== undefined);
    const wakes = own.map((at) => Math.max(at, this.#downUntil ?? at));
    const instants = eventAt === undefined ? wakes : [...wakes, eventAt];
    return instants.length === 0 ? undefined : Math.max(this.state.now, Math.min(...instants));
  }

  /** Everything that is due at an instant, in the order in which it counts. */
  #live(now: EpochMs): void {
    if (this.#downUntil !== undefined && now >= this.#downUntil) this.#downUntil = undefined;
    const due: RolloutEvent[] = [];
    for (let event = this.#eventDue(now); event; event = this.#eventDue(now)) {
      this.#nextEvent++;
      if (event.kind === "crash") this.#crash(now, event.outageMs);
      else if (this.#downUntil !== undefined) this.#lose(now, event);
      else due.push(this.#translate(now, event));
    }
    if (this.#downUntil === undefined) due.push(...this.#ownBusiness(now));
    const before = this.#effects;
    for (const event of inOrder(due)) this.#take(event);
    this.#quiet = due.length === 1 && due[0]?.kind === "samples" && this.#effects === before;
  }

  /** Leaves out the samplings before the next instant at which anything can happen. */
  #skip(end: EpochMs): void {
    const { lastSampleAt, startAt } = this.state;
    // With users to look at every second, a sampling now and then is not worth the trouble.
    if (this.#cohorts.nextAt(this.state) !== undefined) return;
    if (lastSampleAt === undefined || isOver(this.state)) return;
    if (this.#isLooking && this.state.exposedAt === undefined) return;
    const event = this.#scenario.events[this.#nextEvent];
    const instants = [
      ...turningPoints(this.#plan, this.state).filter((at) => at > lastSampleAt),
      nextDeadline(this.#plan, this.state) ?? Infinity,
      this.#scenario.startAt + (event?.atMs ?? Infinity),
      this.#feed.nextChangeAt(),
      end + 1,
    ];
    const { intervalMs } = this.#plan;
    const to = startAt + (Math.ceil((Math.min(...instants) - startAt) / intervalMs) - 1) * intervalMs;
    if (to > lastSampleAt) this.state = skipSamplings(this.state, to, this.#feed.sampled);
  }

  #eventDue(now: EpochMs): ScenarioEvent | undefined {
    const event = this.#scenario.events[this.#nextEvent];
    return event && this.#scenario.startAt + event.atMs <= now ? event : undefined;
  }

  #ownBusiness(now: EpochMs): readonly RolloutEvent[] {
    const deadline = nextDeadline(this.#plan, this.state);
    const sampleAt = nextSampleAt(this.#plan, this.state);
    const events: RolloutEvent[] = [];
    if (sampleAt !== undefined && sampleAt <= now) {
      const values = this.#feed.samplesAt(now);
      events.push({ kind: "samples", at: now, sampledAt: alignedInstant(this.#plan, this.state, now), values });
    }
    if (deadline !== undefined && deadline <= now) events.push({ kind: "tick", at: now });
    const lookAt = this.#cohorts.nextAt(this.state);
    if (lookAt !== undefined && lookAt <= now) {
      this.steps++;
      const compared = this.#cohorts.look(this.state, now);
      if (compared !== undefined) events.push(compared);
    }
    return events;
  }

  #take(event: RolloutEvent): void {
    this.steps++;
    const isBlind = event.kind !== "samples" && isUnseen(this.state, this.#foundSampleAt);
    const taken: RolloutEvent = isBlind ? { ...event, unseen: true } : event;
    const after = step(this.#plan, this.state, taken);
    this.#onStep?.({ plan: this.#plan, before: this.state, event: taken, after });
    const { state, effects } = after;
    this.state = state;
    this.#effects += effects.length;
    for (const effect of effects) this.#note(effect, event);
    if (effects.some((effect) => effect.kind === "kill"))
      this.#take({ kind: "rolledBackCommitted", at: state.now, revision: 0 });
  }

  #note(effect: Effect, event: RolloutEvent): void {
    if (effect.kind === "record") this.records.push(effect.record);
    if (effect.kind === "refused") {
      const by = event.kind === "command" ? event.person.by : "scenario";
      const { command, detail, hint } = effect.refusal;
      this.#record(event.at, "refused", { kind: "command", subject: command, by, reason: `${detail}; ${hint}` });
    }
  }

  #crash(now: EpochMs, outageMs: number): void {
    this.state = JSON.parse(JSON.stringify(this.state)) as RolloutState;
    this.#foundSampleAt = this.state.lastSampleAt;
    this.#cohorts.crash();
    this.#downUntil = outageMs === 0 ? this.#downUntil : Math.max(now + outageMs, this.#downUntil ?? 0);
    this.#record(now, "crashed", { kind: "crash", subject: `${outageMs / 1000} s` });
  }

  #lose(now: EpochMs, event: ScenarioEvent): void {
    const subject = event.kind === "command" ? event.command.kind : event.kind;
    this.#record(now, "refused", { kind: "command", subject, reason: "the server is down" });
  }

  #record(at: EpochMs, event: RecordEvent, cause: Cause): void {
    const { state } = this;
    const stage = stageInView(this.#plan, state)?.name ?? null;
    this.records.push({ at, event, state: statusOf(state), stage, percentage: state.percentage, cause });
  }

  #translate(now: EpochMs, event: Exclude<ScenarioEvent, { kind: "crash" }>): RolloutEvent {
    switch (event.kind) {
      case "command": {
        const { person, command } = event;
        if (command.kind !== "approve") return { kind: "command", at: now, person, command };
        return { kind: "command", at: now, person, command: { ...command, planDigest: this.state.planDigest } };
      }
      case "signal":
        return {
          kind: "signal",
          at: now,
          signal: event.signal,
          ...(event.value !== undefined && { value: event.value }),
        };
      case "kill":
        return { kind: "flagKilled", at: now, by: event.by };
      case "drill":
        return { kind: "drillRecorded", at: now, drilledAt: now, tookMs: event.tookMs };
    }
  }
}
