import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, step } from "./machine.ts";
import type { MachineAction, MachineInput, MachineState } from "./machine-types.ts";
import { MACHINE_DEFAULTS } from "./machine-types.ts";
import type { Weather } from "./testing/network.ts";
import { SimulatedNetwork, WEATHERS, mostInAMinute } from "./testing/network.ts";

/** Sends events in a row, each with `random` 0.5; answers with the last step. */
function after(...events: readonly MachineInput[]): {
  readonly state: MachineState;
  readonly actions: readonly MachineAction[];
} {
  let state: MachineState = { kind: "idle" };
  let actions: readonly MachineAction[] = [];
  for (const event of events) ({ state, actions } = step(state, { ...event, random: 0.5 }));
  return { state, actions };
}

const start: MachineInput = { kind: "start" };
const opened: MachineInput = { kind: "streamOpened" };
const frame: MachineInput = { kind: "streamFrame" };
const failed: MachineInput = { kind: "streamFailed" };
const fired = (timer: "retry" | "deadline" | "settle" | "poll"): MachineInput => ({ kind: "timer", timer });
const live = [start, opened, frame];
const polling = [start, failed, fired("retry"), failed, fired("retry"), failed, fired("poll")];

describe("the connection machine", () => {
  it("opens one stream at start, and not a second one when started again", () => {
    expect(after(start).actions).toContainEqual({ kind: "openStream" });
    expect(after(start, start).actions).toEqual([]);
  });

  it("gives up a stream without headers, without a first byte, or without a frame for 12 s", () => {
    expect(after(start).actions).toContainEqual({ kind: "setTimer", timer: "deadline", afterMs: 5_000 });
    expect(after(start, opened).actions).toEqual([{ kind: "setTimer", timer: "deadline", afterMs: 3_000 }]);
    expect(after(...live).actions).toContainEqual({ kind: "setTimer", timer: "deadline", afterMs: 12_000 });
    for (const events of [[start], [start, opened], live]) {
      expect(after(...events, fired("deadline")).actions[0]).toEqual({ kind: "closeStream" });
      expect(after(...events, fired("deadline")).state).toMatchObject({ stream: { kind: "waiting" }, failures: 1 });
    }
  });

  it("lets a large first frame take its time as long as bytes flow, and not for ever", () => {
    const watchdog = { kind: "setTimer", timer: "deadline", afterMs: 12_000 };
    const whole = { kind: "setTimer", timer: "settle", afterMs: 60_000 };
    const filling = [start, opened, { kind: "streamBytes" }] as const;
    expect(after(...filling).actions).toEqual([watchdog, whole]);
    expect(after(...filling, { kind: "streamBytes" }).actions).toEqual([watchdog]);
    for (const timer of ["deadline", "settle"] as const) {
      expect(after(...filling, fired(timer)).actions[0]).toEqual({ kind: "closeStream" });
      expect(after(...filling, fired(timer)).state).toMatchObject({ stream: { kind: "waiting" }, failures: 1 });
    }
  });

  it("polls after the third failure, while it goes on probing the stream", () => {
    const twice = after(start, failed, fired("retry"), failed);
    expect(twice.actions.some((action) => action.kind === "setTimer" && action.timer === "poll")).toBe(false);
    const thrice = after(start, failed, fired("retry"), failed, fired("retry"), failed);
    expect(thrice.actions.filter((action) => action.kind === "setTimer").map((action) => action.timer)).toEqual([
      "retry",
      "poll",
    ]);
    expect(after(...polling).actions).toEqual([{ kind: "poll" }]);
    expect(after(...polling, fired("retry")).actions).toContainEqual({ kind: "openStream" });
  });

  it("polls every 10 s, and stops when the stream lives again", () => {
    expect(after(...polling, { kind: "pollNotModified" }).actions).toEqual([
      { kind: "setTimer", timer: "poll", afterMs: 10_000 },
    ]);
    expect(after(...polling, { kind: "pollSucceeded" }, fired("retry"), opened, frame).actions).toContainEqual({
      kind: "cancelTimer",
      timer: "poll",
    });
    expect(after(...polling, fired("retry"), opened, frame).actions).toContainEqual({ kind: "abortPoll" });
    expect(after(...polling, fired("retry"), opened, frame, fired("poll")).actions).toEqual([]);
  });

  it("waits at least as long as Retry-After asks, up to 5 min", () => {
    const retryOf = (retryAfterMs: number) =>
      after(start, { kind: "streamFailed", status: 503, retryAfterMs }).actions.find(
        (action) => action.kind === "setTimer" && action.timer === "retry",
      );
    expect(retryOf(20_000)).toMatchObject({ afterMs: 20_500 });
    expect(retryOf(0)).toMatchObject({ afterMs: 550 });
    expect(retryOf(86_400_000)).toMatchObject({ afterMs: 300_500 });
    expect(after(...polling, { kind: "pollFailed", status: 429, retryAfterMs: 60_000 }).actions).toEqual([
      { kind: "setTimer", timer: "poll", afterMs: 60_500 },
    ]);
  });

  it.each([401, 403])("stops everything for 5 min when the key is refused with %i", (status) => {
    const refused = after(start, { kind: "streamFailed", status });
    expect(refused.state).toMatchObject({ standing: "refused", fallback: { kind: "off" } });
    expect(refused.actions.filter((action) => action.kind === "setTimer")).toEqual([
      { kind: "setTimer", timer: "retry", afterMs: 315_000 },
    ]);
    expect(after(...polling, { kind: "pollFailed", status }).state).toMatchObject({
      standing: "refused",
      fallback: { kind: "off" },
    });
    expect(after(...live, { kind: "goodbye", reason: "revoked", retryAfterMs: 0 }).state).toMatchObject({
      standing: "refused",
    });
  });

  it("stays refused while a later try fails for another reason, and recovers with a frame", () => {
    const retried = [start, { kind: "streamFailed", status: 401 } as const, fired("retry")];
    expect(after(...retried, failed).state).toMatchObject({ standing: "refused" });
    expect(after(...retried, opened, frame).state).toMatchObject({ standing: "good" });
  });

  it("comes back after a goodbye when it was told to, and counts that as no failure", () => {
    const left = after(...live, fired("settle"), { kind: "goodbye", reason: "shutdown", retryAfterMs: 2_000 });
    expect(left.state).toMatchObject({ failures: 0, standing: "good" });
    expect(left.actions).toContainEqual({ kind: "setTimer", timer: "retry", afterMs: 2_550 });
  });

  it("calls contact lost after a second failure, a silent stream or a suspended machine, not after one quick reconnect", () => {
    expect(after(...live, fired("settle"), failed).state).toMatchObject({ standing: "good" });
    expect(after(...live, fired("settle"), failed, fired("retry"), failed).state).toMatchObject({ standing: "lost" });
    expect(after(...live, fired("deadline")).state).toMatchObject({ standing: "lost" });
    expect(after(...live, { kind: "suspended" }).state).toMatchObject({ standing: "lost" });
  });

  it("keeps a good standing while polling works and the stream does not, and loses it with the first failed poll", () => {
    expect(after(...polling, { kind: "pollNotModified" }, fired("retry"), failed).state).toMatchObject({
      standing: "good",
    });
    expect(after(...polling, { kind: "pollNotModified" }, fired("poll"), { kind: "pollFailed" }).state).toMatchObject({
      standing: "lost",
    });
  });

  it("goes on backing off until a stream has lived for 10 s", () => {
    expect(after(...live, failed, fired("retry"), opened, frame, failed).state).toMatchObject({ failures: 2 });
    expect(after(...live, failed, fired("retry"), opened, frame, fired("settle"), failed).state).toMatchObject({
      failures: 1,
    });
  });

  it("spreads the nth retry over a ceiling of 2^(n-1) s, at most 30 s, and never less than a tenth of it", () => {
    expect([1, 2, 3, 5, 6, 1000].map((n) => backoffMs(n, 1, MACHINE_DEFAULTS))).toEqual([
      1_000, 2_000, 4_000, 16_000, 30_000, 30_000,
    ]);
    expect(backoffMs(1, 0, MACHINE_DEFAULTS)).toBe(100);
  });
});

describe("the connection machine in bad weather", () => {
  const weather = fc.constantFrom<Weather>(...WEATHERS);
  const spells = fc.array(fc.record({ weather, lastsMs: fc.integer({ min: 10, max: 90_000 }) }), {
    minLength: 1,
    maxLength: 12,
  });
  const chances = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }));
  /** Zeros are what a hammering client would need. */
  const dice = fc.oneof(
    chances,
    fc.constant(Infinity).map(() => zeros()),
  );
  function* zeros(): Generator<number> {
    for (;;) yield 0;
  }
  const worldOf = (stream: Iterator<number>) => new SimulatedNetwork(() => Number(stream.next().value));

  it("never has two streams or two polls, never hammers, never acts once closed", () => {
    fc.assert(
      fc.property(spells, dice, (spells, dice) => {
        const world = worldOf(dice);
        world.send({ kind: "start" });
        for (const spell of spells) {
          world.turn(spell.weather);
          world.runFor(spell.lastsMs);
          expect(world.streamsOpen).toBeLessThanOrEqual(1);
        }
        expect(world.streamsOpenMax).toBeLessThanOrEqual(1);
        expect(world.pollsOpenMax).toBeLessThanOrEqual(1);
        expect(mostInAMinute(world.streamAttempts)).toBeLessThanOrEqual(30);
        expect(mostInAMinute(world.pollAttempts)).toBeLessThanOrEqual(10);
        world.send({ kind: "close" });
        expect(world.streamsOpen).toBe(0);
        world.runFor(600_000);
        world.send({ kind: "start" });
        expect(world.actionsAfterClose).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it("is on a live stream within 36 s of the server's return, and in contact before that", () => {
    fc.assert(
      fc.property(spells, dice, (spells, dice) => {
        // A refused key waits for 5 min by design.
        const world = worldOf(dice);
        world.send({ kind: "start" });
        for (const spell of spells) {
          world.turn(spell.weather === "refusing" ? "down" : spell.weather);
          world.runFor(spell.lastsMs);
        }
        const polls = world.state.kind === "running" && world.state.fallback.kind !== "off";
        world.turn("up");
        const backAtMs = world.nowMs;
        world.runFor(22_000);
        if (polls) expect(world.lastContactMs ?? 0).toBeGreaterThanOrEqual(backAtMs);
        world.runFor(14_000);
        expect(world.state).toMatchObject({
          kind: "running",
          standing: "good",
          stream: { kind: "live" },
          fallback: { kind: "off" },
        });
      }),
      { numRuns: 150 },
    );
  });

  it("asks a server that refuses the key once in 5 min", () => {
    const world = new SimulatedNetwork(() => 0);
    world.weather = "refusing";
    world.send({ kind: "start" });
    world.runFor(3_600_000);
    expect(world.streamAttempts.length).toBeLessThanOrEqual(12);
    expect(world.pollAttempts).toEqual([]);
  });
});
