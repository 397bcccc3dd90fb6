import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { EVALUATIONS_MAX, UNKNOWN_KEYS_MAX, type EvaluationCount } from "../measure/evaluation-counts.ts";
import { createClientOnPorts } from "./client.ts";
import type { EventsBody } from "./reporter.ts";
import { connectedClient, IDENTITY } from "./testing/connected.ts";
import { deltaOf, flagAt, FLAG, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform, settle } from "./testing/platform.ts";
import type { FlagClient } from "./types.ts";

const COLOUR = { ...flagAt(3, { key: "colour" }), type: "string", variants: { red: "r", blue: "b" } } as const;
const SNAPSHOT = snapshotOf(5, [
  flagAt(5, {}),
  flagAt(4, { key: "half", percentage: 50 }),
  { ...COLOUR, offVariant: "red", fallthrough: { variant: "blue" } },
  { ...flagAt(2, { key: "after" }), prerequisites: [{ flag: FLAG, variants: ["on"] }] },
]);

let platform: FakePlatform;
let client: FlagClient;

beforeEach(async () => {
  platform = new FakePlatform();
  client = await connectedClient(platform, SNAPSHOT);
});

const reports = () => platform.sent("/events") as readonly EventsBody[];
const counts = (): readonly (readonly EvaluationCount[] | undefined)[] =>
  reports().map(({ evaluations }) => evaluations?.counts);

/** The server answers what is asked of it, and is heard of all the while. */
async function seconds(count: number, revision = SNAPSHOT): Promise<void> {
  for (let second = 0; second < count; second++) {
    await platform.advance(1_000);
    platform.stream.send("heartbeat", heartbeatOf(revision));
    for (const exchange of platform.exchanges) await exchange.answer({ status: 204 });
  }
}

/** The next of the client's attempts finds the server there. */
async function connectAgain(): Promise<void> {
  for (let second = 0; second < 60 && !platform.stream.isOpen; second++) await platform.advance(1_000);
  platform.stream.open().send("snapshot", SNAPSHOT);
}

describe("evaluations", () => {
  it("are counted by flag and variant, whichever way the flag is asked for", async () => {
    client.isEnabled(FLAG, "u");
    client.isEnabled(FLAG, { targetingKey: "u" });
    client.evaluate(FLAG, "u", false);
    client.variation("colour", "u", "?");
    client.run(FLAG, "u", { on: () => 1, off: () => 2 });
    client.measure(FLAG, "u");
    await seconds(10);
    expect(counts()).toEqual([
      [
        [FLAG, "on", 5],
        ["colour", "blue", 1],
      ],
    ]);
  });

  it("that gave the caller's default count apart, also for a flag that there is not", async () => {
    client.isEnabled("half", "");
    client.isEnabled("colour", "u");
    client.variation("half", "u", "a text");
    client.run("colour", "u", { on: () => 1, off: () => 2 });
    client.isEnabled("mispelt", "u");
    client.evaluate("mispelt", "u", 1);
    client.run("mispelt", "u", { on: () => 1, off: () => 2 });
    await seconds(10);
    expect(counts()).toEqual([
      [
        ["mispelt", null, 3],
        ["half", null, 2],
        ["colour", null, 2],
      ],
    ]);
  });

  it("are those that the program made: none for a prerequisite, nor for a tracked metric", async () => {
    client.isEnabled("after", "u");
    client.track("clicks", "u");
    await seconds(10);
    expect(counts()).toEqual([[["after", "on", 1]]]);
  });

  it("of a flag that changes count on, under the names that its variants had", async () => {
    const off = snapshotOf(6, [flagAt(6, { percentage: 0 })]);
    client.isEnabled(FLAG, "u");
    platform.stream.send("snapshot", off);
    client.isEnabled(FLAG, "u");
    await seconds(10, off);
    expect(counts()).toEqual([
      [
        [FLAG, "on", 1],
        [FLAG, "off", 1],
      ],
    ]);
  });

  it("are sent after ten seconds, from then on every minute while there are any, and then no more", async () => {
    client.isEnabled(FLAG, "u");
    await seconds(10);
    for (let second = 0; second < 90; second++) {
      client.isEnabled(FLAG, "u");
      await seconds(1);
    }
    await seconds(120);
    expect(counts()).toEqual([[[FLAG, "on", 1]], [[FLAG, "on", 60]], [[FLAG, "on", 30]]]);
    expect(reports().map(({ to, from }) => to - from)).toEqual([10_000, 60_000, 60_000]);
    client.isEnabled(FLAG, "u");
    await seconds(10);
    expect(counts()).toHaveLength(4);
  });

  it("go with what else is sent", async () => {
    client.isEnabled(FLAG, "u");
    await seconds(15);
    client.isEnabled(FLAG, "u");
    client.track("clicks", "u");
    await seconds(10);
    expect(reports()).toMatchObject([{ tracks: [] }, { tracks: [{ count: 1 }] }]);
    expect(counts()).toEqual([[[FLAG, "on", 1]], [[FLAG, "on", 1]]]);
  });

  it("are in no hurry with what is measured for a rollout each second", async () => {
    const measured = snapshotOf(6, [flagAt(6, { percentage: 50, measures: ["run"] })]);
    platform.stream.send("snapshot", measured);
    for (let second = 0; second < 21; second++) {
      client.run(FLAG, "u", { on: () => 1, off: () => 2 });
      await seconds(1, measured);
    }
    expect(reports()).toHaveLength(21);
    const withCounts = counts().flatMap((some, index) => (some === undefined ? [] : [index]));
    expect(withCounts).toEqual([0, 10, 20]);
    expect(counts()[10]).toMatchObject([[FLAG, expect.any(String), 10]]);
  });

  it("do not hold up what is measured for a rollout", async () => {
    const measured = snapshotOf(6, [flagAt(6, { percentage: 50, measures: ["run"] })]);
    platform.stream.send("snapshot", measured);
    client.isEnabled(FLAG, "u");
    await seconds(3, measured);
    expect(reports()).toHaveLength(0);
    client.run(FLAG, "u", { on: () => 1, off: () => 2 });
    await seconds(1, measured);
    expect(reports()).toMatchObject([{ runs: [{ count: 1 }], evaluations: { counts: [[FLAG, "off", 2]] } }]);
  });

  it("from before `init` are sent after it, and the last ones at the end", async () => {
    const late = createClientOnPorts(platform.ports, { ...IDENTITY, instanceId: "i-2" });
    const before = platform.timersPending;
    late.isEnabled(FLAG, "u");
    expect(platform.timersPending).toBe(before);
    void late.init();
    await settle();
    platform.stream.open().send("snapshot", SNAPSHOT);
    await platform.advance(10_000);
    expect(counts()).toEqual([[[FLAG, null, 1]]]);
    await platform.exchange("/events").answer({ status: 204 });
    late.isEnabled(FLAG, "u");
    const closing = late.close();
    await settle();
    await platform.exchange("/events").answer({ status: 204 });
    await closing;
    expect(counts().at(-1)).toEqual([[FLAG, "on", 1]]);
  });

  it("add up while the server is away for minutes, and count as dropped when it is for longer", async () => {
    await platform.advance(13_000);
    client.isEnabled(FLAG, "u");
    await platform.advance(300_000);
    client.isEnabled(FLAG, "u");
    expect(reports()).toEqual([]);
    await connectAgain();
    await seconds(15);
    expect(reports()).toMatchObject([{ evaluations: { counts: [[FLAG, "on", 2]], dropped: 0 } }]);
    await platform.advance(13_000);
    client.isEnabled(FLAG, "u");
    await platform.advance(700_000);
    await connectAgain();
    await seconds(15);
    expect(reports().at(-1)).toMatchObject({ evaluations: { counts: [], dropped: 1 } });
  });

  it("that a server refuses count as dropped", async () => {
    client.isEnabled(FLAG, "u");
    await seconds(9);
    await platform.advance(1_000);
    await platform.exchange("/events").answer({ status: 400 });
    client.isEnabled(FLAG, "u");
    await seconds(60);
    expect(reports()[1]).toMatchObject({ dropped: 0, evaluations: { counts: [[FLAG, "on", 1]], dropped: 1 } });
  });

  it("of made-up keys are counted for a few of them, and never sent where the key can't be a flag's", async () => {
    for (let key = 0; key < UNKNOWN_KEYS_MAX + 5; key++) client.isEnabled(`made-up-${key}`, "u");
    client.isEnabled("ann@example.com is not a key", "u");
    client.isEnabled(undefined as unknown as string, "u");
    await seconds(10);
    expect(counts()[0]).toHaveLength(UNKNOWN_KEYS_MAX);
    expect(reports()[0]?.evaluations?.dropped).toBe(7);
    expect(JSON.stringify(reports())).not.toContain("ann");
  });

  it("of more flags than a report holds go with the next ones", async () => {
    const flags = Array.from({ length: EVALUATIONS_MAX + 10 }, (_, index) => flagAt(1, { key: `f${index}` }));
    const many = snapshotOf(6, flags);
    platform.stream.send("snapshot", many);
    for (const { key } of flags) client.isEnabled(key, "u");
    await seconds(70, many);
    expect(counts().map((some) => some?.length)).toEqual([EVALUATIONS_MAX, 10]);
  });

  it("are all in the reports, once, however they mix with changes and reports", async () => {
    const step = fc.constantFrom("ask", "ask", "ask", "change", "report");
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        platform = new FakePlatform();
        let present = snapshotOf(5, [flagAt(5, { percentage: 50 })]);
        client = await connectedClient(platform, present);
        const given = { on: 0, off: 0 };
        for (const [index, what] of steps.entries()) {
          if (what === "ask") given[client.isEnabled(FLAG, `user-${index}`) ? "on" : "off"] += 1;
          else if (what === "report") await seconds(10, present);
          else {
            const flag = flagAt(present.revision + 1, { percentage: (index * 7) % 100 });
            platform.stream.send("delta", deltaOf(present.revision + 1, flag));
            present = snapshotOf(present.revision + 1, [flag]);
          }
        }
        await seconds(60, present);
        const sum = (variant: string): number =>
          counts()
            .flatMap((some) => some ?? [])
            .reduce((total, [, name, count]) => total + (name === variant ? count : 0), 0);
        expect({ on: sum("on"), off: sum("off") }).toEqual(given);
      }),
      { numRuns: 40 },
    );
  });
});
