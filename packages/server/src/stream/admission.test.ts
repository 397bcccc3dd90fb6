import { describe, expect, it } from "vitest";
import { Admission, TurnGate } from "./admission.ts";

const RATE = { perSecond: 100, burst: 10 };

describe("the admission of streams", () => {
  it("lets a burst in, then as many a second as it is set to", () => {
    const admission = new Admission(RATE, 0);
    const admitted = (nowMs: number): number =>
      Array.from({ length: 50 }, () => admission.admit(nowMs)).filter(Boolean).length;
    expect(admitted(0)).toBe(10);
    expect(admitted(50)).toBe(5);
    expect(admitted(100)).toBe(5);
    expect(admitted(10_000)).toBe(10);
  });

  it("does not let more in when the clock stands still or goes back", () => {
    const admission = new Admission({ perSecond: 100, burst: 1 }, 1_000);
    expect(admission.admit(1_000)).toBe(true);
    expect(admission.admit(1_000)).toBe(false);
    expect(admission.admit(500)).toBe(false);
  });

  it("asks those it sends away to come back spread over the time that letting them in will take", () => {
    const admission = new Admission(RATE, 0);
    for (let i = 0; i < 510; i++) admission.admit(0);
    const hints = [0, 0.25, 0.5, 0.75, 0.999].map((chance) => admission.retryAfterSeconds(chance));
    expect(hints).toEqual([1, 2, 4, 5, 6]);
  });

  it("asks nobody to wait longer than 30 s, and forgets a storm that is over", () => {
    const admission = new Admission({ perSecond: 1, burst: 1 }, 0);
    for (let i = 0; i < 1_000; i++) admission.admit(0);
    expect(admission.retryAfterSeconds(0.999)).toBe(30);
    admission.admit(2_000_000);
    expect(admission.retryAfterSeconds(0.999)).toBe(1);
  });
});

describe("the gate of a turn", () => {
  it("lets so many through in each turn of the event loop, in order, and all in the end", async () => {
    const turns: (() => void)[] = [];
    const gate = new TurnGate(3, (run) => turns.push(run));
    const passed: number[] = [];
    const all = Array.from({ length: 8 }, (_, i) => Promise.resolve(gate.pass()).then(() => passed.push(i)));
    const turn = async (): Promise<void> => {
      for (const run of turns.splice(0)) run();
      await new Promise((resolve) => setImmediate(resolve));
    };
    await new Promise((resolve) => setImmediate(resolve));
    expect(passed).toEqual([0, 1, 2]);
    await turn();
    expect(passed).toEqual([0, 1, 2, 3, 4, 5]);
    await turn();
    await Promise.all(all);
    expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("does not let newcomers overtake those who wait", async () => {
    const turns: (() => void)[] = [];
    const gate = new TurnGate(1, (run) => turns.push(run));
    const passed: string[] = [];
    const enter = (name: string): Promise<unknown> => Promise.resolve(gate.pass()).then(() => passed.push(name));
    const first = [enter("a"), enter("b"), enter("c")];
    turns.shift()?.();
    const late = enter("late");
    while (turns.length > 0) {
      turns.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all([...first, late]);
    expect(passed).toEqual(["a", "b", "c", "late"]);
  });
});
