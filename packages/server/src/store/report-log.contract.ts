import { beforeEach, describe, expect, it } from "vitest";
import { BATCHES_READ_MAX, type ReportLog } from "../ports/report-log.ts";

/** A log, and what lets time go by for it. */
export interface TimedReportLog {
  readonly log: ReportLog;
  later(ms: number): Promise<void>;
}

/** What every log of reports does. */
export function reportLogContract(name: string, open: () => Promise<TimedReportLog>): void {
  describe(`the reports that servers leave for each other (${name})`, () => {
    let timed: TimedReportLog;
    beforeEach(async () => {
      timed = await open();
    });
    const append = (instance: string, seq: number, ...body: readonly number[]) =>
      timed.log.append({ instance, seq, body: Uint8Array.from(body) });
    const since = async (known: Readonly<Record<string, number>> = {}) =>
      (await timed.log.since(new Map(Object.entries(known)))).map(({ instance, seq, body }) => [
        instance,
        seq,
        [...body],
      ]);

    it("are there in their order, to the byte, beyond what is known of each server", async () => {
      expect(await since()).toEqual([]);
      await append("b", 1, 0, 255, 7);
      await append("a", 1);
      await append("a", 2, 9);
      expect(await since()).toEqual([
        ["b", 1, [0, 255, 7]],
        ["a", 1, []],
        ["a", 2, [9]],
      ]);
      expect(await since({ a: 1, b: 1 })).toEqual([["a", 2, [9]]]);
      expect(await since({ a: 2, gone: 5 })).toEqual([["b", 1, [0, 255, 7]]]);
      expect(await since({ a: 2, b: 1 })).toEqual([]);
    });

    it("are stored once, however often the same one comes", async () => {
      await append("a", 1, 1);
      await append("a", 1, 2);
      expect(await since()).toEqual([["a", 1, [1]]]);
    });

    it("do not change with the bytes that they were made of", async () => {
      const body = Uint8Array.of(1, 2);
      await timed.log.append({ instance: "a", seq: 1, body });
      body.fill(9);
      expect(await since()).toEqual([["a", 1, [1, 2]]]);
    });

    it("are gone after two minutes", async () => {
      await append("a", 1, 1);
      await timed.later(70_000);
      await append("b", 1, 2);
      await timed.later(60_000);
      await append("a", 2, 3);
      expect(await since()).toEqual([
        ["b", 1, [2]],
        ["a", 2, [3]],
      ]);
    });

    it("are handed out so many at a time, the oldest first", async () => {
      for (let seq = 1; seq <= BATCHES_READ_MAX + 2; seq++) await append("a", seq);
      expect(await since()).toHaveLength(BATCHES_READ_MAX);
      expect(await since({ a: BATCHES_READ_MAX })).toEqual([
        ["a", BATCHES_READ_MAX + 1, []],
        ["a", BATCHES_READ_MAX + 2, []],
      ]);
    });
  });
}
