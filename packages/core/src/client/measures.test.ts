import { beforeEach, describe, expect, it } from "vitest";
import { createClientOnPorts } from "./client.ts";
import { seedOf } from "../hash/bucket.ts";
import { murmur3 } from "../hash/murmur3.ts";
import type { Draw } from "../measure/draw.ts";
import { decodeUnits } from "../measure/unit-codec.ts";
import { REPORTED_UNITS_MAX, UNIT_SERIES_MAX } from "../measure/unit-counts.ts";
import { unitOf, unitSides } from "../measure/units.ts";
import { valueBin } from "../measure/value-bins.ts";
import { Measures, SERIES_MAX } from "./measures.ts";
import { connectedClient, IDENTITY } from "./testing/connected.ts";
import { flagAt, FLAG, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform, settle } from "./testing/platform.ts";
import type { EventsBody } from "./reporter.ts";
import type { FlagClient } from "./types.ts";

const SNAPSHOT = snapshotOf(5, [
  flagAt(5, {}),
  flagAt(4, { key: "off-for-all", percentage: 0 }),
  flagAt(2, { key: "half", percentage: 50 }),
  flagAt(3, { key: "leased", leaseMs: 1_000 }),
]);

let platform: FakePlatform;
let client: FlagClient;

beforeEach(async () => {
  platform = new FakePlatform();
  client = await connectedClient(platform, SNAPSHOT);
});

const reports = () => platform.sent("/events") as readonly EventsBody[];
const branches = { on: () => "new", off: () => "old" };

async function tenSeconds(): Promise<void> {
  await platform.advance(5_000);
  platform.stream.send("heartbeat", heartbeatOf(SNAPSHOT));
  await platform.advance(5_000);
  platform.stream.send("heartbeat", heartbeatOf(SNAPSHOT));
}

describe("run", () => {
  it("runs the branch of the user's cohort and gives back its result", () => {
    expect(client.run(FLAG, "u", branches)).toBe("new");
    expect(client.run("off-for-all", "u", branches)).toBe("old");
    expect(client.run("unknown", "u", branches)).toBe("old");
  });

  it("lets a branch's error through, the very same one", () => {
    const error = new Error("mine");
    expect(() =>
      client.run(FLAG, "u", {
        on: () => {
          throw error;
        },
        off: () => {},
      }),
    ).toThrow(error);
  });

  it("lets a promise's result and error through", async () => {
    const error = new Error("mine");
    await expect(client.run(FLAG, "u", { on: async () => 1, off: async () => 2 })).resolves.toBe(1);
    await expect(client.run(FLAG, "u", { on: () => Promise.reject(error), off: async () => 2 })).rejects.toBe(error);
  });

  it("does not start the work of a lazy thenable", () => {
    let started = false;
    // oxlint-disable-next-line unicorn/no-thenable -- what query builders are
    const lazy = { then: () => (started = true) };
    expect(client.run(FLAG, "u", { on: () => lazy, off: () => lazy })).toBe(lazy);
    expect(started).toBe(false);
  });

  it("reports calls, failures and latency by cohort every 10 s, and nothing about users", async () => {
    const from = platform.wallMs;
    client.run(FLAG, "alice", { on: () => (platform.nowMs += 3), off: () => 0 });
    client.run(
      FLAG,
      { targetingKey: "bob", mail: "bob@example.com" },
      { on: () => (platform.nowMs += 5), off: () => 0 },
    );
    await client
      .run(FLAG, "carol", { on: () => Promise.reject(new Error("mine")), off: async () => {} })
      .catch(() => {});
    client.run("off-for-all", "alice", { on: () => 0, off: () => 0 });
    await tenSeconds();
    expect(reports()).toEqual([
      {
        instanceId: "i-1",
        seq: 1,
        from,
        to: expect.any(Number),
        runs: [
          {
            flag: FLAG,
            cohort: "on",
            count: 3,
            failures: 1,
            latencySumMs: 8,
            latencyBins: [
              [0, 1],
              [valueBin(3), 1],
              [valueBin(5), 1],
            ],
          },
          { flag: "off-for-all", cohort: "off", count: 1, failures: 0, latencySumMs: 0, latencyBins: [[0, 1]] },
        ],
        tracks: [],
        evaluations: {
          counts: [
            [FLAG, "on", 3],
            ["off-for-all", "off", 1],
          ],
          dropped: 0,
        },
        dropped: 0,
      },
    ]);
    expect(JSON.stringify(reports())).not.toMatch(/alice|bob|carol/);
  });

  it("measures nobody who got a default or the off variant of an expired lease", async () => {
    client.run("unknown", "u", branches);
    client.run("half", "", branches);
    platform.nowMs += 1_001;
    platform.wallMs += 1_001;
    client.run("leased", "u", branches);
    await tenSeconds();
    expect(reports()).toMatchObject([{ runs: [], tracks: [] }]);
  });

  it("works before init and after close, unmeasured", async () => {
    const idle = createClientOnPorts(platform.ports, IDENTITY);
    expect(idle.run(FLAG, "u", branches)).toBe("old");
    idle.track("clicks", "u");
    await client.close();
    expect(client.run(FLAG, "u", branches)).toBe("new");
    expect(platform.timersPending).toBe(0);
  });
});

describe("track", () => {
  it("counts and adds up by metric, one for each call without a value", async () => {
    client.track("clicks", "u");
    client.track("clicks", "v");
    client.track("basket", "u", { value: 12.5 });
    client.track("basket", "v", { value: -2.5 });
    client.track("basket", "v", { value: Number.NaN });
    client.track("x".repeat(129), "u");
    await tenSeconds();
    expect(reports()).toMatchObject([
      {
        tracks: [
          { metric: "clicks", count: 2, sum: 2 },
          { metric: "basket", count: 2, sum: 10 },
        ],
        dropped: 2,
      },
    ]);
  });
});

describe("a flag under a rollout", () => {
  const MEASURED = ["run", "upload"];
  const percentage = 50;

  beforeEach(() => {
    platform.stream.send(
      "snapshot",
      snapshotOf(6, [flagAt(6, { percentage, measures: MEASURED }), flagAt(2, { key: "half", percentage: 50 })]),
    );
  });

  const unitOfUser = (user: string): number => unitOf(murmur3(user, seedOf(FLAG)));
  /** What a report says of each unit. */
  const unitsIn = (body: EventsBody | undefined, metric = "run") => {
    const found = body?.units?.find((one) => one.metric === metric && one.flag === FLAG);
    const entries = found && decodeUnits(found.data);
    if (found === undefined || entries === undefined) return undefined;
    const { units, requests, failures, firstBins } = entries;
    const rows = [...units].map((unit, place) => [unit, requests[place], failures[place], firstBins[place]]);
    return { thousandths: found.thousandths, rows };
  };
  const users = ["alice", "bob", "carol", "dave"].toSorted((a, b) => unitOfUser(a) - unitOfUser(b));

  it("is reported each second by unit: calls, failures and the bin of the first value, and never who it was", async () => {
    for (const user of users)
      client.run(FLAG, user, { on: () => (platform.nowMs += 3), off: () => (platform.nowMs += 3) });
    const [first = ""] = users;
    await expect(
      client.run(FLAG, first, { on: () => Promise.reject(new Error()), off: () => Promise.reject(new Error()) }),
    ).rejects.toThrow();
    await platform.advance(1_000);
    expect(unitsIn(reports()[0])).toEqual({
      thousandths: percentage * 1000,
      rows: users.map((user) => [unitOfUser(user), user === first ? 2 : 1, user === first ? 1 : 0, valueBin(3) + 1]),
    });
    expect(JSON.stringify(reports())).not.toMatch(/alice|bob|carol|dave/);
  });

  it("has the users on that are in units below the percentage, and off in those above", () => {
    const { onEnd, offStart } = unitSides(percentage * 1000);
    for (let user = 0; user < 500; user++) {
      const unit = unitOfUser(`u${user}`);
      expect(client.isEnabled(FLAG, `u${user}`)).toBe(unit < onEnd);
      expect(client.isEnabled(FLAG, `u${user}`)).toBe(!(unit >= offStart));
    }
  });

  it("counts tracked metrics that the rollout watches, by unit and by cohort", async () => {
    client.track("upload", "alice", { value: 20 });
    client.track("upload", "alice", { failed: true });
    client.track("basket", "alice", { value: 20 });
    await platform.advance(1_000);
    const [body] = reports();
    expect(unitsIn(body, "upload")?.rows).toEqual([[unitOfUser("alice"), 2, 1, valueBin(20) + 1]]);
    expect(unitsIn(body, "basket")).toBeUndefined();
    const cohort = client.isEnabled(FLAG, "alice") ? "on" : "off";
    expect(body?.cohorts).toEqual([
      { flag: FLAG, metric: "upload", cohort, count: 2, failures: 1, valueBins: [[valueBin(20), 1]] },
    ]);
    expect(body?.tracks).toEqual([
      { metric: "upload", count: 2, sum: 21 },
      { metric: "basket", count: 1, sum: 20 },
    ]);
  });

  it("leaves out by unit whom something else than the percentage put there, and counts them by cohort", async () => {
    const flag = { ...flagAt(7, { percentage, measures: MEASURED }), targets: { alice: "on" } };
    const rule = {
      id: "r",
      clauses: [{ attribute: "plan", op: "equals", values: ["pro"], negate: false }],
      serve: { percentage: 50 },
    } as const;
    platform.stream.send("snapshot", snapshotOf(7, [{ ...flag, rules: [rule] }]));
    client.run(FLAG, "alice", branches);
    client.run(FLAG, { targetingKey: "bob", plan: "pro" }, branches);
    client.run(FLAG, "carol", branches);
    await platform.advance(1_000);
    expect(unitsIn(reports()[0])?.rows).toMatchObject([[unitOfUser("carol"), 1, 0, expect.any(Number)]]);
    expect(reports()[0]?.runs.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  it("is not counted by unit while everybody, or nobody, is on", async () => {
    for (const share of [0, 100]) {
      platform.stream.send(
        "snapshot",
        snapshotOf(8 + share, [flagAt(8 + share, { percentage: share, measures: MEASURED })]),
      );
      client.run(FLAG, "alice", branches);
      await platform.advance(1_000);
      expect(reports().at(-1)).toMatchObject({ runs: [{ count: 1 }] });
      expect(reports().at(-1)).not.toHaveProperty("units");
      await platform.exchange("/events").answer({ status: 204 });
    }
  });

  it("forgets by unit what was counted at another percentage than the one it has by then", async () => {
    client.run(FLAG, "alice", branches);
    platform.stream.send("snapshot", snapshotOf(9, [flagAt(9, { percentage: 51, measures: MEASURED })]));
    client.run(FLAG, "bob", branches);
    await platform.advance(1_000);
    expect(unitsIn(reports()[0])).toMatchObject({
      thousandths: 51_000,
      rows: [[unitOfUser("bob"), 1, 0, expect.any(Number)]],
    });
  });

  it("is measured by hand where code can't be wrapped, once, from the evaluation to the end", async () => {
    const measurement = client.measure(FLAG, "alice");
    expect(measurement.on).toBe(client.isEnabled(FLAG, "alice"));
    platform.nowMs += 40;
    measurement.done({ failed: true });
    measurement.done();
    client.measure("unknown", "alice").done();
    await platform.advance(1_000);
    expect(unitsIn(reports()[0])?.rows).toEqual([[unitOfUser("alice"), 1, 1, valueBin(40) + 1]]);
  });

  it("that begins to be measured while a report waits has it sent within a second", async () => {
    platform.stream.send("snapshot", snapshotOf(10, [flagAt(10, {})]));
    client.run(FLAG, "alice", branches);
    await platform.advance(1_500);
    expect(reports()).toEqual([]);
    platform.stream.send("snapshot", snapshotOf(11, [flagAt(11, { percentage, measures: MEASURED })]));
    await platform.advance(1_000);
    expect(reports()).toHaveLength(1);
  });

  it("whose report does not arrive is reported again with the same number, ever less often", async () => {
    client.run(FLAG, "alice", branches);
    await platform.advance(1_000);
    await platform.exchange("/events").fail();
    client.run(FLAG, "bob", branches);
    await platform.advance(1_900);
    expect(reports()).toHaveLength(1);
    await platform.advance(100);
    await platform.exchange("/events").answer({ status: 503 });
    await platform.advance(4_000);
    expect(reports().map(({ seq }) => seq)).toEqual([1, 1, 1]);
    expect(reports()[2]).toEqual(reports()[0]);
    await platform.exchange("/events").answer({ status: 204 });
    expect(reports().at(-1)).toMatchObject({ seq: 2, dropped: 0, runs: [{ count: 1 }] });
    await platform.exchange("/events").answer({ status: 400 });
    client.run(FLAG, "bob", branches);
    await platform.advance(1_000);
    expect(reports().at(-1)).toMatchObject({ seq: 3, dropped: 1 });
  });

  it("whose report does not arrive in ten seconds is given up and counted, and what came meanwhile goes on", async () => {
    client.run(FLAG, "alice", branches);
    await platform.advance(1_000);
    client.run(FLAG, "bob", branches);
    for (let second = 0; second < 15; second++) {
      if (reports().every(({ seq }) => seq === 1)) await platform.exchange("/events").answer({ status: 503 });
      platform.stream.send("heartbeat", heartbeatOf(SNAPSHOT));
      await platform.advance(1_000);
    }
    expect(reports().map(({ seq }) => seq)).toEqual([1, 1, 1, 2]);
    expect(reports().at(-1)).toMatchObject({ dropped: 1, runs: [{ count: 1 }] });
    expect(unitsIn(reports().at(-1))?.rows).toMatchObject([[unitOfUser("bob"), 1, 0, expect.any(Number)]]);
  });

  it("is reported once more when the client is closed, also what waited to be sent again", async () => {
    client.run(FLAG, "alice", branches);
    await platform.advance(1_000);
    await platform.exchange("/events").fail();
    client.run(FLAG, "bob", branches);
    const closing = client.close();
    await settle();
    await platform.exchange("/events").answer({ status: 204 });
    await platform.exchange("/events").answer({ status: 204 });
    await closing;
    expect(reports().map(({ seq }) => seq)).toEqual([1, 1, 2]);
    expect(platform.timersPending).toBe(0);
  });

  it("keeps at most so many units and series, and counts the calls beyond", () => {
    const measures = new Measures(() => 0);
    const draw: Draw = { isOn: true, isInCohort: true, unit: 0, thousandths: 5_000, measures: ["run"] };
    for (let flag = 0; flag < 40; flag++) measures.ended(`f${flag}`, "run", draw, { failed: false });
    expect(measures.take()).toMatchObject({ dropped: 40 - UNIT_SERIES_MAX });
    for (let flag = 0; flag < 4; flag++)
      for (let unit = 0; unit < 6_000; unit++) measures.ended(`f${flag}`, "run", { ...draw, unit }, { failed: false });
    expect(measures.take()).toMatchObject({ dropped: 4 * 6_000 - REPORTED_UNITS_MAX });
  });
});

describe("reports", () => {
  it("are not sent while there is nothing to say", async () => {
    await tenSeconds();
    expect(reports()).toEqual([]);
    client.track("clicks", "u");
    await tenSeconds();
    await tenSeconds();
    expect(reports().length).toBe(1);
  });

  it("that do not arrive are counted in the next one", async () => {
    client.track("clicks", "u");
    client.run(FLAG, "u", branches);
    await tenSeconds();
    await platform.exchange("/events").answer({ status: 500 });
    client.track("clicks", "u");
    await tenSeconds();
    expect(reports()).toMatchObject([
      { seq: 1, dropped: 0 },
      { seq: 2, tracks: [{ count: 1 }], dropped: 2 },
    ]);
  });

  it("are not even sent to a server that is away", async () => {
    client.track("clicks", "u");
    await platform.advance(12_000);
    expect(client.status().state).toBe("stale");
    client.track("clicks", "u");
    await platform.advance(1_000);
    const sent = reports().length;
    await platform.advance(60_000);
    expect(reports().length).toBe(sent);
  });

  it("are sent once more when the client is closed", async () => {
    client.track("clicks", "u");
    const closing = client.close();
    await settle();
    await platform.exchange("/events").answer({ status: 202 });
    await closing;
    expect(reports()).toMatchObject([{ tracks: [{ metric: "clicks", count: 1 }] }]);
  });
});

describe("measures", () => {
  it(`keep at most ${SERIES_MAX} series and count the calls beyond`, () => {
    const measures = new Measures(() => 0);
    for (let series = 0; series < SERIES_MAX + 50; series++) measures.track(`m${series}`, 1);
    measures.track("m0", 1);
    const report = measures.take();
    expect(report.tracks.length).toBe(SERIES_MAX);
    expect(report.tracks[0]).toEqual({ metric: "m0", count: 2, sum: 2 });
    expect(report.dropped).toBe(50);
    expect(measures.isEmpty).toBe(true);
  });
});
