import { encodeUnits, type Measuring, RUN_METRIC, valueBin } from "@rampart/core";
import { beforeEach, describe, expect, it } from "vitest";
import { entriesOf, type UnitCalls } from "../domain/intake/testing/entries.ts";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Logger } from "../ports/logger.ts";
import { createMemoryCheckpoints } from "../store/memory-checkpoints.ts";
import { manualPlatform, type ManualPlatform } from "../testing/manual-platform.ts";
import { Intake, SERIES_MAX } from "./intake.ts";
import type { MeasuredReport } from "./measured-report.ts";

const MEASURED = { environment: "production", flag: "checkout", metric: "run" };
const logger: Logger = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;

let platform: ManualPlatform;
let checkpoints: CheckpointStore;
let flags: Map<string, Measuring>;
let intake: Intake;
let seq: number;

const create = (): Intake =>
  new Intake({
    ...platform,
    checkpoints,
    logger,
    measuring: (environment, flag) => flags.get(`${environment}/${flag}`),
  });

/** Another process on the same database. */
async function restart(): Promise<void> {
  intake = create();
  await intake.start();
}

beforeEach(async () => {
  platform = manualPlatform();
  checkpoints = createMemoryCheckpoints();
  flags = new Map([["production/checkout", { metrics: ["run", "upload"], thousandths: 5_000 }]]);
  seq = 0;
  await restart();
});

const reportOf = (more: Partial<MeasuredReport>): MeasuredReport => ({
  instanceId: "i",
  seq: (seq += 1),
  runs: [],
  ...more,
});
const unitsOf = (calls: readonly UnitCalls[], more: { metric?: string; thousandths?: number } = {}) => ({
  flag: "checkout",
  metric: RUN_METRIC,
  thousandths: 5_000,
  data: encodeUnits(entriesOf(...calls)),
  ...more,
});
const failing = (...units: readonly number[]): MeasuredReport =>
  reportOf({ units: [unitsOf(units.map((unit) => ({ unit, failures: 1 })))] });
const failed = (): unknown => intake.drain(MEASURED)?.failed;

describe("what SDKs report by unit", () => {
  it("is handed out once, to whoever asks for the flag and metric", () => {
    expect(intake.drain(MEASURED)).toBeUndefined();
    intake.take("production", failing(1, 2, 60_000));
    expect(intake.drain({ ...MEASURED, metric: "upload" })).toBeUndefined();
    expect(intake.drain({ ...MEASURED, environment: "staging" })).toBeUndefined();
    expect(intake.drain(MEASURED)).toMatchObject({ thousandths: 5_000, failed: { on: 2, off: 1 } });
    expect(failed()).toEqual({ on: 0, off: 0 });
    expect(intake.sums(MEASURED)).toMatchObject({ onEnd: 3_276, offStart: 3_277 });
  });

  it("counts once, however often the same report comes", () => {
    const report = failing(1, 60_000);
    expect(intake.take("production", report)).toEqual({ kind: "taken", noRoom: 0 });
    expect(intake.take("production", report)).toEqual({ kind: "replayed" });
    intake.take("production", failing(1));
    expect(intake.drain(MEASURED)).toMatchObject({ failed: { on: 1, off: 1 }, requests: { on: 2, off: 1 } });
    expect(intake.sums(MEASURED)?.requests[1]).toBe(2);
  });

  it("is left out when it was measured at another percentage than the present one, or is not asked for", () => {
    intake.take("production", reportOf({ units: [unitsOf([{ unit: 1 }], { thousandths: 1_000 })] }));
    intake.take("production", reportOf({ units: [unitsOf([{ unit: 1 }], { metric: "basket" })] }));
    intake.take("production", reportOf({ units: [{ ...unitsOf([{ unit: 1 }]), flag: "other" }] }));
    expect(intake.drain(MEASURED)).toBeUndefined();
  });

  it("begins anew with each change of the percentage", () => {
    intake.take("production", failing(1));
    intake.keep(MEASURED, "half way");
    flags.set("production/checkout", { metrics: ["run"], thousandths: 25_000 });
    expect([intake.drain(MEASURED), intake.kept(MEASURED), intake.sums(MEASURED)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    intake.take("production", reportOf({ units: [unitsOf([{ unit: 1, failures: 1 }], { thousandths: 25_000 })] }));
    expect(intake.drain(MEASURED)).toMatchObject({ thousandths: 25_000, exposed: { on: 1 }, failed: { on: 1 } });
  });

  it("that can't be read is refused as a whole, and can be sent again", () => {
    const good = failing(1);
    const bad = { ...good, units: [...(good.units ?? []), { ...unitsOf([]), data: "!" }] };
    expect(intake.take("production", bad)).toEqual({ kind: "unreadable", index: 1 });
    expect(intake.take("production", good)).toEqual({ kind: "taken", noRoom: 0 });
    expect(failed()).toEqual({ on: 1, off: 0 });
  });

  it("is kept of so many flags and metrics, and what is beyond is counted", () => {
    for (let flag = 0; flag <= SERIES_MAX; flag++)
      flags.set(`production/f${flag}`, { metrics: ["run"], thousandths: 5_000 });
    for (let flag = 0; flag < SERIES_MAX; flag++)
      intake.take("production", reportOf({ units: [{ ...unitsOf([{ unit: 1 }]), flag: `f${flag}` }] }));
    const beyond = reportOf({ units: [{ ...unitsOf([{ unit: 1 }, { unit: 2 }]), flag: `f${SERIES_MAX}` }] });
    expect(intake.take("production", beyond)).toEqual({ kind: "taken", noRoom: 2 });
  });
});

describe("after a restart", () => {
  it("everything is as it was when it was kept, and nothing counts twice", async () => {
    const first = failing(1, 2, 60_000);
    intake.take("production", first);
    expect(failed()).toEqual({ on: 2, off: 1 });
    intake.keep(MEASURED, { evidence: 4 });
    await intake.stop();
    await restart();
    expect(intake.kept(MEASURED)).toEqual({ evidence: 4 });
    intake.take("production", first);
    intake.take("production", failing(2, 3));
    expect(intake.drain(MEASURED)).toMatchObject({ failed: { on: 1, off: 0 }, exposed: { on: 1, off: 0 } });
    expect(intake.sums(MEASURED)?.failures.subarray(0, 4)).toEqual(Uint32Array.of(0, 1, 2, 1));
  });

  it("by a crash what came after the last checkpoint is gone, the sums with the evidence, and may come again", async () => {
    intake.take("production", failing(1));
    intake.drain(MEASURED);
    intake.keep(MEASURED, "one");
    const second = failing(2);
    intake.take("production", second);
    intake.drain(MEASURED);
    intake.keep(MEASURED, "two");
    await expect.poll(() => checkpoints.checkpoints()).toHaveLength(1);
    await restart();
    expect(intake.kept(MEASURED)).toBe("one");
    expect(intake.sums(MEASURED)?.requests.subarray(0, 3)).toEqual(Uint32Array.of(0, 1, 0));
    expect(intake.take("production", second)).toEqual({ kind: "taken", noRoom: 0 });
    expect(failed()).toEqual({ on: 1, off: 0 });
  });

  it("what no rollout measures any more is gone from the store", async () => {
    intake.take("production", failing(1));
    intake.keep(MEASURED, "state");
    await expect.poll(() => checkpoints.checkpoints()).toHaveLength(1);
    flags.clear();
    await platform.advance(10_000);
    await intake.stop();
    expect(await checkpoints.checkpoints()).toEqual([]);
  });

  it("a checkpoint that can't be read is left aside", async () => {
    await checkpoints.saveCheckpoint({
      key: 'units:["production","checkout","run"]',
      body: Uint8Array.of(1, 2, 3),
      savedAt: 0,
    });
    await checkpoints.saveCheckpoint({ key: "units:nonsense", body: Uint8Array.of(1), savedAt: 0 });
    await restart();
    expect(intake.kept(MEASURED)).toBeUndefined();
    intake.take("production", failing(1));
    expect(failed()).toEqual({ on: 1, off: 0 });
  });
});

describe("what SDKs report by cohort", () => {
  const range = () => ({ from: platform.clock.now() - 60_000, to: platform.clock.now() });

  it("is counted by the instant at which it arrives, for what is measured", async () => {
    const run = {
      flag: "checkout",
      cohort: "on",
      count: 4,
      failures: 1,
      latencySumMs: 8,
      latencyBins: [[valueBin(2), 4]],
    } as const;
    const upload = { flag: "checkout", metric: "upload", cohort: "off", count: 2, failures: 0, valueBins: [] } as const;
    const report = reportOf({ runs: [run, { ...run, flag: "other" }], cohorts: [upload, { ...upload, metric: "x" }] });
    intake.take("production", report);
    intake.take("production", report);
    expect(intake.total(MEASURED, range(), "on")).toMatchObject({ count: 4, failures: 1 });
    expect(intake.total({ ...MEASURED, metric: "upload" }, range(), "all")).toMatchObject({ count: 2, failures: 0 });
    expect(intake.total({ ...MEASURED, metric: "x" }, range(), "all")).toBeUndefined();
    expect(intake.total({ ...MEASURED, flag: "other" }, range(), "all")).toBeUndefined();
    await platform.advance(61_000);
    expect(intake.total(MEASURED, range(), "on")).toMatchObject({ count: 0, newestAt: undefined });
  });
});
