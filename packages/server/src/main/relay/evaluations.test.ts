import type { EventsBody } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { evaluationsUpstream } from "./evaluations.ts";

const row = (count: number) =>
  ({ flag: "checkout", environment: "production", hour: 0, variant: "on", count, lastAt: 0 }) as const;

describe("counts of what pages asked a relay for", () => {
  it("that may have arrived go again under their number, before any other", async () => {
    const sent: EventsBody[] = [];
    let isDown = true;
    const store = evaluationsUpstream({
      instanceId: "relay-01",
      clock: { now: () => 5 },
      async send(_, body) {
        sent.push(body);
        if (isDown) throw new Error("no answer");
      },
    });
    await store.addEvaluations([row(3)]);
    // It keeps no more than one: the caller keeps these.
    await expect(store.addEvaluations([row(4)])).rejects.toThrow("no answer");
    isDown = false;
    await store.addEvaluations([row(4)]);
    expect(sent.map(({ seq, evaluations }) => [seq, evaluations?.counts[0]?.[2]])).toEqual([
      [1, 3],
      [1, 3],
      [1, 3],
      [2, 4],
    ]);
  });
});
