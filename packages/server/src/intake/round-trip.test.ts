import { type Draw, Measures, type MeasuresReport, RUN_METRIC, UNITS, unitSides, valueBin } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Logger } from "../ports/logger.ts";
import type { UnitWindow } from "../ports/unit-intake.ts";
import { createMemoryCheckpoints } from "../store/memory-checkpoints.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { Intake } from "./intake.ts";
import type { MeasuredReport } from "./measured-report.ts";

const FLAG = "checkout";
const MEASURED = { environment: "production", flag: FLAG, metric: RUN_METRIC };
const THOUSANDTHS = 25_000;
const CLIENTS = 3;
const logger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

interface Call {
  readonly client: number;
  readonly unit: number;
  readonly failed: boolean;
  readonly value: number;
}

const aCall: fc.Arbitrary<Call> = fc.record({
  client: fc.nat(CLIENTS - 1),
  // Few, so that users come again, also to another client; on both sides of the threshold and on it.
  unit: fc.oneof(fc.nat(30), fc.integer({ min: 16_370, max: 16_390 }), fc.integer({ min: UNITS - 9, max: UNITS - 1 })),
  failed: fc.boolean(),
  value: fc.constantFrom(1, 40, 300),
});

/** What a report goes through on its way: how often it is sent, and how much later than it was made. */
const aFate = fc.record({ copies: fc.integer({ min: 1, max: 3 }), delay: fc.nat(5), isRestartedAfter: fc.boolean() });

const { onEnd, offStart } = unitSides(THOUSANDTHS);
const sideOf = (unit: number) => (unit < onEnd ? "on" : unit >= offStart ? "off" : undefined);

/** The reports of clients that flush after each round of calls, as they go over the wire. */
function reportsOf(rounds: readonly (readonly Call[])[]): readonly MeasuredReport[] {
  const clients = Array.from({ length: CLIENTS }, () => ({ measures: new Measures(() => 0), seq: 0 }));
  return rounds.flatMap((calls) => {
    for (const { client, unit, failed, value } of calls) {
      const draw: Draw = {
        isOn: unit < onEnd,
        isInCohort: true,
        unit,
        thousandths: THOUSANDTHS,
        measures: [RUN_METRIC],
      };
      clients[client]?.measures.ended(FLAG, RUN_METRIC, draw, { failed, value });
    }
    return clients.flatMap((one, name): readonly MeasuredReport[] => {
      if (one.measures.isEmpty) return [];
      one.seq += 1;
      const sent: MeasuresReport = one.measures.take();
      return [{ instanceId: `client-${name}`, seq: one.seq, ...(JSON.parse(JSON.stringify(sent)) as MeasuresReport) }];
    });
  });
}

describe("what clients count", () => {
  it("is what the server hands on, whatever the order, the repetitions and the restarts on the way", async () => {
    const rounds = fc.array(fc.array(aCall, { maxLength: 12 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(rounds, fc.array(aFate, { minLength: 18, maxLength: 18 }), async (calls, fates) => {
        const platform = manualPlatform();
        const checkpoints = createMemoryCheckpoints();
        const create = async (): Promise<Intake> => {
          const measuring = () => ({ metrics: [RUN_METRIC], thousandths: THOUSANDTHS });
          const one = new Intake({ ...platform, checkpoints, logger, measuring });
          await one.start();
          return one;
        };
        const arrivals = reportsOf(calls)
          .flatMap((report, index) => {
            const fate = fates[index];
            if (fate === undefined) throw new Error("there are no more reports than clients times rounds");
            const { copies, delay, isRestartedAfter } = fate;
            return Array.from({ length: copies }, (_, copy) => ({
              report,
              isRestartedAfter,
              at: index + delay * copy,
            }));
          })
          .toSorted((a, b) => a.at - b.at);

        let intake = await create();
        const windows: UnitWindow[] = [];
        const look = (): void => {
          const window = intake.drain(MEASURED);
          if (window !== undefined) windows.push(window);
          intake.keep(MEASURED, windows.length);
        };
        for (const { report, isRestartedAfter } of arrivals) {
          intake.take("production", report);
          look();
          if (!isRestartedAfter) continue;
          await intake.stop();
          intake = await create();
        }
        look();

        const all = calls.flat();
        for (const side of ["on", "off"] as const) {
          const ofSide = all.filter(({ unit }) => sideOf(unit) === side);
          const distinct = (some: readonly Call[]): number => new Set(some.map(({ unit }) => unit)).size;
          const sum = (of: "exposed" | "seen" | "failed" | "requests" | "failures"): number =>
            windows.reduce((so, window) => so + window[of][side], 0);
          const failing = ofSide.filter(({ failed }) => failed);
          expect(sum("exposed")).toBe(distinct(ofSide));
          expect(sum("seen")).toBe(distinct(ofSide));
          expect(sum("failed")).toBe(distinct(failing));
          expect(sum("requests")).toBe(ofSide.length);
          expect(sum("failures")).toBe(failing.length);
          const values = windows.flatMap((window) =>
            [...window.values[side].entries()].filter(([, count]) => count > 0),
          );
          expect(values.reduce((so, [, count]) => so + count, 0)).toBe(distinct(ofSide));
          expect(values.every(([bin]) => [1, 40, 300].map(valueBin).includes(bin))).toBe(true);
        }
        const sums = intake.sums(MEASURED);
        for (const unit of new Set(all.map((call) => call.unit))) {
          const ofUnit = sideOf(unit) === undefined ? [] : all.filter((call) => call.unit === unit);
          expect(sums?.requests[unit] ?? 0).toBe(ofUnit.length);
          expect(sums?.failures[unit] ?? 0).toBe(ofUnit.filter(({ failed }) => failed).length);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
