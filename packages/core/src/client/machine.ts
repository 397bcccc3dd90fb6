/**
 * The connection, as a machine without I/O: what happened goes in, what to do comes out. It has no clock and no randomness:
 * time reaches it as timers that fired, chance as a number that comes with the event. The driver (`link.ts`) does what it says.
 *
 * One stream at most is open. While the stream fails, polling takes over and the stream is still probed.
 */
import type {
  Failure,
  MachineAction,
  MachineConfig,
  MachineEvent,
  MachineState,
  Step,
  TimerName,
} from "./machine-types.ts";
import { MACHINE_DEFAULTS } from "./machine-types.ts";

type Running = Extract<MachineState, { kind: "running" }>;

const NO_ACTIONS: readonly MachineAction[] = [];
const stay = (state: MachineState): Step => ({ state, actions: NO_ACTIONS });
const setTimer = (timer: TimerName, afterMs: number): MachineAction => ({ kind: "setTimer", timer, afterMs });
const cancelTimer = (timer: TimerName): MachineAction => ({ kind: "cancelTimer", timer });

/**
 * Full jitter over a ceiling that doubles from `backoffBaseMs` to `backoffMaxMs`. The lowest tenth is left out, so that not
 * even a run of zeros from the random source makes a client hammer: at most 25 attempts in any minute.
 *
 * @param failures 1 or more
 */
export function backoffMs(
  failures: number,
  random: number,
  config: Pick<MachineConfig, "backoffBaseMs" | "backoffMaxMs">,
): number {
  const ceiling = Math.min(config.backoffMaxMs, config.backoffBaseMs * 2 ** (failures - 1));
  return ceiling * (0.1 + 0.9 * random);
}

/** The machine's one function. Events that make no sense in a state (a late answer, a timer that was just cancelled) change nothing. */
export function step(state: MachineState, event: MachineEvent, config: MachineConfig = MACHINE_DEFAULTS): Step {
  switch (state.kind) {
    case "closed":
      return stay(state);
    case "idle":
      if (event.kind === "start")
        return open(
          { kind: "running", stream: { kind: "waiting" }, fallback: { kind: "off" }, failures: 0, standing: "unknown" },
          config,
        );
      return event.kind === "close" ? stay({ kind: "closed" }) : stay(state);
    case "running":
      return stepRunning(state, event, config);
  }
}

function stepRunning(state: Running, event: MachineEvent, config: MachineConfig): Step {
  switch (event.kind) {
    case "start":
      return stay(state);
    case "streamOpened":
      return state.stream.kind === "opening"
        ? { state: { ...state, stream: { kind: "silent" } }, actions: [setTimer("deadline", config.firstByteMs)] }
        : stay(state);
    case "streamBytes":
      return bytes(state, config);
    case "streamFrame":
      return frame(state, config);
    case "streamFailed":
      if (state.stream.kind === "waiting") return stay(state);
      return isRefusal(event)
        ? refuse(state, event.random, config, NO_ACTIONS)
        : fail(state, event, config, { actions: NO_ACTIONS, lost: false });
    case "resync":
      return state.stream.kind === "waiting"
        ? stay(state)
        : fail(state, event, config, { actions: [{ kind: "closeStream" }], lost: false });
    case "suspended":
      return state.stream.kind === "waiting"
        ? stay(state)
        : fail(state, event, config, { actions: [{ kind: "closeStream" }], lost: true });
    case "goodbye":
      if (state.stream.kind === "waiting") return stay(state);
      return event.reason === "revoked"
        ? refuse(state, event.random, config, [{ kind: "closeStream" }])
        : leave(state, event, config);
    case "pollSucceeded":
    case "pollNotModified":
      return state.fallback.kind === "polling"
        ? {
            state: { ...state, fallback: { kind: "waiting" }, standing: "good" },
            actions: [setTimer("poll", pollDelayMs(event.random, 0, config))],
          }
        : stay(state);
    case "pollFailed":
      return pollFailed(state, event, config);
    case "timer":
      return timer(state, event, config);
    case "close":
      return {
        state: { kind: "closed" },
        actions: [
          ...endStream(state),
          ...endPoll(state),
          cancelTimer("retry"),
          cancelTimer("deadline"),
          cancelTimer("settle"),
        ],
      };
  }
}

/** 401 and 403 are about the key: asking again at once can't help. */
function isRefusal(failure: Failure): boolean {
  return failure.status === 401 || failure.status === 403;
}

function open(state: Running, config: MachineConfig): Step {
  return {
    state: { ...state, stream: { kind: "opening" } },
    actions: [{ kind: "openStream" }, setTimer("deadline", config.openTimeoutMs)],
  };
}

/** Before the first whole frame: bytes must go on coming, and come to an end. */
function bytes(state: Running, config: MachineConfig): Step {
  const watchdog = setTimer("deadline", config.watchdogMs);
  switch (state.stream.kind) {
    case "opening":
    case "silent":
      return {
        state: { ...state, stream: { kind: "filling" } },
        actions: [watchdog, setTimer("settle", config.firstFrameMs)],
      };
    case "filling":
      return { state, actions: [watchdog] };
    case "live":
    case "waiting":
      return stay(state);
  }
}

function frame(state: Running, config: MachineConfig): Step {
  const watchdog = setTimer("deadline", config.watchdogMs);
  if (state.stream.kind === "waiting") return stay(state);
  if (state.stream.kind === "live") return { state, actions: [watchdog] };
  return {
    state: { ...state, stream: { kind: "live", settled: false }, fallback: { kind: "off" }, standing: "good" },
    actions: [...endPoll(state), watchdog, setTimer("settle", config.settleMs)],
  };
}

/** The stream is over: count it, wait, and from the third time on poll meanwhile. */
function fail(
  state: Running,
  failure: Failure & { readonly random: number },
  config: MachineConfig,
  how: { readonly actions: readonly MachineAction[]; readonly lost: boolean },
): Step {
  const failures = state.failures + 1;
  const { random } = failure;
  const askedMs =
    failure.retryAfterMs === undefined ? 0 : cappedMs(failure.retryAfterMs, config) + random * config.backoffBaseMs;
  const actions = [
    ...how.actions,
    cancelTimer("deadline"),
    cancelTimer("settle"),
    setTimer("retry", Math.max(askedMs, backoffMs(failures, random, config))),
  ];
  const startsPolling = state.fallback.kind === "off" && failures >= config.pollAfterFailures;
  if (startsPolling) {
    // The spread keeps clients that lost the same server from polling in step. A stream that had just lived was contact enough.
    const afterMs = state.stream.kind === "live" ? pollDelayMs(random, 0, config) : random * config.backoffBaseMs;
    actions.push(setTimer("poll", afterMs));
  }
  const losesContact = state.standing === "good" && state.fallback.kind === "off" && (how.lost || failures > 1);
  return {
    state: {
      kind: "running",
      stream: { kind: "waiting" },
      fallback: startsPolling ? { kind: "waiting" } : state.fallback,
      failures,
      standing: losesContact ? "lost" : state.standing,
    },
    actions,
  };
}

/** The server is going away and said so: no failure, unless it does so again and again. */
function leave(
  state: Running,
  goodbye: { readonly random: number; readonly retryAfterMs: number },
  config: MachineConfig,
): Step {
  const proven = state.stream.kind === "live" && state.stream.settled;
  const failures = proven ? state.failures : state.failures + 1;
  const delayMs = cappedMs(goodbye.retryAfterMs, config) + backoffMs(Math.max(1, failures), goodbye.random, config);
  return {
    state: { ...state, stream: { kind: "waiting" }, failures },
    actions: [{ kind: "closeStream" }, cancelTimer("deadline"), cancelTimer("settle"), setTimer("retry", delayMs)],
  };
}

function refuse(state: Running, random: number, config: MachineConfig, first: readonly MachineAction[]): Step {
  return {
    state: {
      kind: "running",
      stream: { kind: "waiting" },
      fallback: { kind: "off" },
      failures: 0,
      standing: "refused",
    },
    actions: [
      ...first,
      ...endPoll(state),
      cancelTimer("deadline"),
      cancelTimer("settle"),
      setTimer("retry", config.refusedRetryMs * (1 + 0.1 * random)),
    ],
  };
}

function pollFailed(state: Running, failure: Failure & { readonly random: number }, config: MachineConfig): Step {
  if (state.fallback.kind !== "polling") return stay(state);
  const idle: Running = { ...state, fallback: { kind: "waiting" } };
  if (isRefusal(failure)) return refuse(idle, failure.random, config, endStream(state));
  return {
    state: { ...idle, standing: state.standing === "good" ? "lost" : state.standing },
    actions: [setTimer("poll", pollDelayMs(failure.random, failure.retryAfterMs ?? 0, config))],
  };
}

function timer(
  state: Running,
  event: { readonly timer: TimerName; readonly random: number },
  config: MachineConfig,
): Step {
  const { stream } = state;
  switch (event.timer) {
    case "retry":
      return stream.kind === "waiting" ? open(state, config) : stay(state);
    case "deadline":
      return stream.kind === "waiting"
        ? stay(state)
        : fail(state, { random: event.random }, config, {
            actions: [{ kind: "closeStream" }],
            lost: stream.kind === "live",
          });
    case "settle":
      switch (stream.kind) {
        case "live":
          return stay({ ...state, stream: { kind: "live", settled: true }, failures: 0 });
        case "filling":
          return fail(state, { random: event.random }, config, { actions: [{ kind: "closeStream" }], lost: false });
        case "opening":
        case "silent":
        case "waiting":
          return stay(state);
      }
    case "poll":
      return state.fallback.kind === "waiting"
        ? { state: { ...state, fallback: { kind: "polling" } }, actions: [{ kind: "poll" }] }
        : stay(state);
  }
}

function endStream(state: Running): readonly MachineAction[] {
  return state.stream.kind === "waiting" ? NO_ACTIONS : [{ kind: "closeStream" }];
}

function endPoll(state: Running): readonly MachineAction[] {
  switch (state.fallback.kind) {
    case "off":
      return NO_ACTIONS;
    case "waiting":
      return [cancelTimer("poll")];
    case "polling":
      return [{ kind: "abortPoll" }];
  }
}

/** A tenth up or down, so that clients that began together drift apart. */
function pollDelayMs(random: number, retryAfterMs: number, config: MachineConfig): number {
  const jitteredMs = config.pollIntervalMs * (0.9 + 0.2 * random);
  if (retryAfterMs <= 0) return jitteredMs;
  return Math.max(jitteredMs, cappedMs(retryAfterMs, config) + random * config.backoffBaseMs);
}

function cappedMs(retryAfterMs: number, config: MachineConfig): number {
  return Math.min(Math.max(0, retryAfterMs), config.retryAfterMaxMs);
}
