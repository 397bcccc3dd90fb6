import { beforeEach, describe, expect, it } from "vitest";
import { createClientOnPorts } from "./client.ts";
import { valueBin } from "../measure/value-bins.ts";
import { Measures, SERIES_MAX } from "./measures.ts";
import { flagAt, FLAG, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform, settle } from "./testing/platform.ts";
import type { EventsBody } from "./reporter.ts";
import type { FlagClient } from "./types.ts";

const IDENTITY = { url: "http://flags.test", sdkKey: "rs_secret", sdk: "test/1", instanceId: "i-1" };
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
  client = createClientOnPorts(platform.ports, IDENTITY);
  void client.init();
  await settle();
  platform.stream.open().send("snapshot", SNAPSHOT);
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
    expect(reports()).toEqual([]);
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
