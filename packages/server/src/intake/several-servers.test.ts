import { encodeUnits, RUN_METRIC, UNITS, valueBin } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { entriesOf, type UnitCalls } from "../domain/intake/testing/entries.ts";
import { NO_FENCE } from "../ports/leadership.ts";
import { silentLogger } from "../ports/logger.ts";
import type { UnitWindow } from "../ports/unit-intake.ts";
import { createMemoryCheckpoints } from "../store/memory-checkpoints.ts";
import { createMemoryReportLog } from "../store/memory-report-log.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { Intake } from "./intake.ts";
import type { MeasuredReport } from "./measured-report.ts";

const FLAG = "checkout";
const MEASURED = { environment: "production", flag: FLAG, metric: RUN_METRIC };
const THOUSANDTHS = 25_000;

/** Servers on one store, of which one evaluates. */
function cluster(servers: number) {
  const platform = manualPlatform();
  const checkpoints = createMemoryCheckpoints();
  const log = createMemoryReportLog(() => platform.clock.monotonicMs());
  let isStoreAway = false;
  let fence = 1;
  let evaluator = 0;
  const away = async (): Promise<never> => {
    throw new Error("the store is away");
  };
  const make = (place: number): Intake => {
    const evaluating = () => {
      if (place === evaluator) return { fence };
      return isStoreAway ? { fence: NO_FENCE } : undefined;
    };
    return new Intake({
      ...platform,
      checkpoints,
      logger: silentLogger,
      measuring: () => ({ metrics: [RUN_METRIC], thousandths: THOUSANDTHS }),
      sharing: {
        instance: `server-${place}-${(made += 1)}`,
        leadership: { isShared: true, evaluating },
        log: {
          append: (batch) => (isStoreAway ? away() : log.append(batch)),
          since: (known) => (isStoreAway ? away() : log.since(known)),
        },
      },
    });
  };
  let made = 0;
  const intakes = Array.from({ length: servers }, (_, place) => make(place));
  const at = (place: number): Intake => {
    const intake = intakes[place];
    if (intake === undefined) throw new Error(`there is no server ${place}`);
    return intake;
  };
  return {
    at,
    platform,
    checkpoints,
    evaluator: () => at(evaluator),
    /** Two rounds: all send, then all know. */
    async exchange(): Promise<void> {
      for (let round = 0; round < 2; round++) for (const intake of intakes) await intake.exchange();
    },
    /** The lease goes to another server. */
    moveTo(place: number): void {
      if (place !== evaluator) fence += 1;
      evaluator = place;
    },
    /** The same server has it again, under the next number. */
    renew(): void {
      fence += 1;
    },
    /** The process ends without a word, and another one comes up. */
    crash(place: number): void {
      intakes[place] = make(place);
    },
    storeIsAway(is: boolean): void {
      isStoreAway = is;
    },
  };
}

let seq = 0;
const reportOf = (calls: readonly UnitCalls[], more: Partial<MeasuredReport> = {}): MeasuredReport => {
  const data = encodeUnits(entriesOf(...calls));
  const failures = calls.reduce((sum, call) => sum + (call.failures ?? 0), 0);
  const run = { flag: FLAG, cohort: "on", count: calls.length, failures, latencySumMs: 0, latencyBins: [] } as const;
  return {
    instanceId: "client",
    seq: (seq += 1),
    runs: [run],
    units: [{ flag: FLAG, metric: RUN_METRIC, thousandths: THOUSANDTHS, data }],
    ...more,
  };
};
const failing = (...units: readonly number[]): MeasuredReport => reportOf(units.map((unit) => ({ unit, failures: 1 })));
const lastMinute = ({ platform }: ReturnType<typeof cluster>) => ({
  from: platform.clock.now() - 60_000,
  to: platform.clock.now(),
});

describe("what SDKs report to several servers", () => {
  it("is known to each of them a moment later, by unit and by cohort, once", async () => {
    const servers = cluster(3);
    await servers.exchange();
    const [first, second] = [failing(1, 2), failing(2, UNITS - 1)];
    servers.at(1).take("production", first);
    servers.at(2).take("production", second);
    // A proxy that tries again goes to another server.
    servers.at(0).take("production", first);
    await servers.exchange();
    for (const place of [0, 1, 2]) {
      expect(servers.at(place).sums(MEASURED)?.requests.subarray(0, 3)).toEqual(Uint32Array.of(0, 1, 2));
      expect(servers.at(place).total(MEASURED, lastMinute(servers), "on")).toMatchObject({ count: 4, failures: 4 });
    }
    expect(servers.evaluator().drain(MEASURED)).toMatchObject({
      failed: { on: 2, off: 1 },
      requests: { on: 3, off: 1 },
    });
  });

  it("is not handed on where no rollout measures it", async () => {
    const servers = cluster(2);
    await servers.exchange();
    servers.at(1).take("production", reportOf([], { runs: [], units: [] }));
    await servers.exchange();
    servers.at(1).take("production", failing(1));
    await servers.exchange();
    expect(servers.at(0).sums(MEASURED)?.requests[1]).toBe(1);
  });

  it("is compared by the server that takes over as the one before left it, with all that came since", async () => {
    const servers = cluster(2);
    await servers.exchange();
    servers.at(0).take("production", failing(1));
    servers.at(0).drain(MEASURED);
    servers.at(0).keep(MEASURED, "evidence");
    await expect.poll(() => servers.checkpoints.checkpoints(), { timeout: 10_000 }).toHaveLength(1);
    servers.at(0).take("production", failing(1, 2));
    servers.at(1).take("production", failing(3));
    await servers.exchange();
    servers.at(1).take("production", failing(4));
    servers.moveTo(1);
    expect(servers.at(1).holding()).toBeUndefined();
    await servers.at(1).exchange();
    expect(servers.at(1).holding()).toBe(2);
    expect(servers.at(1).kept(MEASURED)).toBe("evidence");
    // Unit 1 had failed before the checkpoint.
    expect(servers.at(1).drain(MEASURED)).toMatchObject({ failed: { on: 3, off: 0 }, requests: { on: 4, off: 0 } });
    expect(servers.at(1).sums(MEASURED)?.requests.subarray(0, 5)).toEqual(Uint32Array.of(0, 2, 1, 1, 1));
  });

  it("goes on where it is when the lease ran out and nobody took it, and from what is stored when another server had it", async () => {
    const servers = cluster(2);
    await servers.exchange();
    servers.at(0).take("production", failing(1));
    servers.at(0).drain(MEASURED);
    servers.at(0).keep(MEASURED, "stored");
    await expect.poll(() => servers.checkpoints.checkpoints(), { timeout: 10_000 }).toHaveLength(1);
    servers.at(0).keep(MEASURED, "not stored yet");
    servers.renew();
    await servers.at(0).exchange();
    expect(servers.at(0).kept(MEASURED)).toBe("not stored yet");
    servers.moveTo(1);
    servers.moveTo(0);
    await servers.at(0).exchange();
    expect(servers.at(0).kept(MEASURED)).toBe("stored");
  });

  it("is judged by each server from what it has while the store is away, and stored by none", async () => {
    const servers = cluster(2);
    await servers.exchange();
    servers.at(1).take("production", failing(1));
    servers.storeIsAway(true);
    expect(servers.at(1).holding()).toBe(NO_FENCE);
    expect(servers.at(1).drain(MEASURED)).toMatchObject({ failed: { on: 1 } });
    servers.at(1).keep(MEASURED, "blind");
    servers.at(1).take("production", failing(2));
    await servers.exchange();
    servers.storeIsAway(false);
    await servers.exchange();
    expect(await servers.checkpoints.checkpoints()).toEqual([]);
    expect(servers.at(0).sums(MEASURED)?.requests.subarray(0, 3)).toEqual(Uint32Array.of(0, 1, 1));
  });
});

/** What happens, one after the other. */
type Happening =
  | {
      readonly kind: "report";
      readonly server: number;
      readonly again: readonly number[];
      readonly calls: readonly UnitCalls[];
    }
  | { readonly kind: "exchange" }
  | { readonly kind: "look" }
  | { readonly kind: "takeOver"; readonly server: number; readonly crashes: boolean };

const SERVERS = 3;
const aServer = fc.nat(SERVERS - 1);
const someCalls = fc.uniqueArray(
  fc.record({
    unit: fc.oneof(fc.nat(20), fc.integer({ min: UNITS - 9, max: UNITS - 1 })),
    failures: fc.constantFrom(0, 1),
    bin: fc.constantFrom(valueBin(1), valueBin(300)),
  }),
  { selector: ({ unit }) => unit, minLength: 1, maxLength: 6 },
);
const aHappening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      server: aServer,
      again: fc.array(aServer, { maxLength: 2 }),
      calls: someCalls,
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "exchange" as const }) },
  { weight: 2, arbitrary: fc.constant({ kind: "look" as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("takeOver" as const), server: aServer, crashes: fc.boolean() }),
  },
);

describe("any split of reports over servers", () => {
  it("gives the counts of one server, wherever they come again and whoever evaluates", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aHappening, { maxLength: 25 }), async (happenings) => {
        const servers = cluster(SERVERS);
        await servers.exchange();
        const windows: UnitWindow[] = [];
        const look = async (): Promise<void> => {
          const intake = servers.evaluator();
          const before = (intake.kept(MEASURED) ?? []) as number[];
          const window = intake.drain(MEASURED);
          intake.keep(MEASURED, window === undefined ? before : [...before, windows.push(window) - 1]);
          await servers.platform.advance(4_000);
        };
        const all: UnitCalls[] = [];
        let place = 0;
        for (const happening of happenings) {
          switch (happening.kind) {
            case "report": {
              const report = reportOf(happening.calls);
              all.push(...happening.calls);
              for (const server of [happening.server, ...happening.again])
                servers.at(server).take("production", report);
              break;
            }
            case "exchange":
              await servers.exchange();
              break;
            case "look":
              await look();
              break;
            case "takeOver": {
              // What was not handed on yet would be lost with the process.
              await servers.exchange();
              if (happening.crashes && happening.server !== place) servers.crash(place);
              servers.moveTo(happening.server);
              place = happening.server;
              await servers.exchange();
              break;
            }
          }
        }
        await servers.exchange();
        await look();
        const intake = servers.evaluator();
        // A look that was lost with its server was made again from the checkpoint before it.
        const counted = ((intake.kept(MEASURED) ?? []) as number[]).flatMap((number) => windows[number] ?? []);
        const isOn = (unit: number): boolean => unit <= 20;
        for (const side of ["on", "off"] as const) {
          const ofSide = all.filter(({ unit }) => isOn(unit) === (side === "on"));
          const distinct = (some: readonly UnitCalls[]): number => new Set(some.map(({ unit }) => unit)).size;
          const sum = (of: "exposed" | "seen" | "failed" | "requests" | "failures"): number =>
            counted.reduce((so, window) => so + window[of][side], 0);
          const failed = ofSide.filter(({ failures }) => failures === 1);
          expect(sum("exposed")).toBe(distinct(ofSide));
          expect(sum("seen")).toBe(distinct(ofSide));
          expect(sum("failed")).toBe(distinct(failed));
          expect(sum("requests")).toBe(ofSide.length);
          expect(sum("failures")).toBe(failed.length);
          const values = counted.flatMap((window) => [...window.values[side]]);
          expect(values.reduce((so, count) => so + count, 0)).toBe(distinct(ofSide));
        }
        const sums = intake.sums(MEASURED);
        for (const { unit } of all) expect(sums?.requests[unit]).toBe(all.filter((call) => call.unit === unit).length);
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
