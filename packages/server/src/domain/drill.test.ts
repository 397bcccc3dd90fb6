import type { ReceiptsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { DRILL_FLAG, judgeDrill } from "./drill.ts";

const receipts = (more: Partial<ReceiptsView> = {}): ReceiptsView => ({
  environment: "staging",
  epoch: "e",
  revision: 7,
  flags: [DRILL_FLAG],
  rollout: "r1",
  committedAt: "2026-01-05T02:00:00.000Z",
  verdict: "proven",
  expected: 3,
  acknowledged: 3,
  alreadyOff: 0,
  stragglers: [],
  legs: { dataAgeMs: 100, decideMs: 10, commitMs: 1.5, writeMs: 2, apply: { p50Ms: 5, p99Ms: 9, maxMs: 10.2 } },
  ...more,
});

describe("a drill", () => {
  it("took all its legs, to the last client", () => {
    expect(judgeDrill(receipts())).toEqual({ kind: "good", tookMs: 124 });
  });

  it.each([
    ["on another flag", { flags: ["checkout"] }],
    ["by hand", { rollout: undefined }],
    ["that nobody could notice", { expected: 0, acknowledged: 0 }],
    ["that is not over", { verdict: "open" as const }],
    ["with clients missing", { verdict: "unproven" as const, acknowledged: 2 }],
    ["that only leases bound", { verdict: "bounded" as const, acknowledged: 2 }],
  ])("%s proves nothing", (_, more) => {
    const { rollout, ...rest } = { ...receipts(), ...more };
    expect(judgeDrill({ ...rest, ...(rollout !== undefined && { rollout }) })).toMatchObject({ kind: "bad" });
  });
});
