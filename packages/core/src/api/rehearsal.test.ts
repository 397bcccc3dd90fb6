import { describe, expect, it } from "vitest";
import { rehearseRollback, type RehearsalStep } from "./rehearsal.ts";

const NOW = "2026-01-05T12:00:30.000Z";
const HEARD_LATELY = "2026-01-05T12:00:29.000Z";
const ENDED = "2026-01-05T12:00:10.000Z";

class Missing extends Error {}

interface Script {
  /** What the flag is at, look after look; the last one stays. */
  readonly percentages?: readonly number[];
  readonly clients?: readonly { readonly lag: number; readonly lastContactAt: string }[];
  readonly flag?: { readonly enabled: boolean };
  /** After so many looks the receipts are closed; missing: at once. */
  readonly openLooks?: number;
}

/** A server that answers as scripted, and the desk in front of it. */
function desk({ percentages = [100], clients = [], flag, openLooks = 0 }: Script) {
  const calls: string[] = [];
  const steps: RehearsalStep["kind"][] = [];
  let looks = 0;
  let receiptLooks = 0;
  let waitedMs = 0;
  const answers: { readonly [line: string]: () => unknown } = {
    "GET /api/v1/flags/rampart-drill": () => {
      if (flag === undefined) throw new Missing();
      return { environments: { "eu west": flag } };
    },
    "POST /api/v1/flags": () => ({}),
    "POST /api/v1/environments/eu%20west/flags/rampart-drill/restore": () => ({}),
    "POST /api/v1/drills/plan": () => ({ text: "the plan", trigger: "errors", condition: "x > 1", withinMs: 30_000 }),
    "POST /api/v1/rollouts": () => ({ id: "r1" }),
    "GET /api/v1/rollouts/r1": () => ({ percentage: percentages[Math.min(looks++, percentages.length - 1)], now: NOW }),
    "GET /api/v1/environments/eu%20west/clients": () => ({
      clients,
      total: clients.length,
      current: clients.filter(({ lag }) => lag === 0).length,
    }),
    "POST /api/v1/drills/breach": () => ({}),
    "GET /api/v1/environments/eu%20west/receipts": () => ({
      items: [{ rollout: "r1", revision: 7, verdict: receiptLooks++ < openLooks ? "open" : "proven" }],
    }),
    "POST /api/v1/drills": () => ({ rollout: "r1", revision: 7 }),
  };
  const rehearsed = rehearseRollback({
    environment: "eu west",
    plan: { name: "checkout" },
    call: <T>(method: string, path: string, body?: object) => {
      const line = `${method} ${path}`;
      if (calls.at(-1) !== line) calls.push(body === undefined ? line : `${line} ${JSON.stringify(body)}`);
      return Promise.resolve().then(() => answers[line]?.() as T);
    },
    isMissing: (error) => error instanceof Missing,
    pause: (ms) => {
      waitedMs += ms;
      return Promise.resolve();
    },
    onStep: ({ kind }) => steps.push(kind),
  });
  return { rehearsed, calls, steps, waitedMs: () => waitedMs };
}

describe("rehearsing a rollback", () => {
  it("makes the flag, exposes everybody, feeds the breach, and records the rollback when all have confirmed", async () => {
    const { rehearsed, calls, steps } = desk({
      percentages: [0, 100],
      clients: [{ lag: 0, lastContactAt: HEARD_LATELY }],
      openLooks: 3,
    });
    expect(await rehearsed).toEqual({ kind: "recorded", drill: { rollout: "r1", revision: 7 } });
    expect(steps).toEqual(["exposing", "breached"]);
    const writes = calls.filter((line) => line.startsWith("POST")).map((line) => line.split(" ")[1]);
    expect(writes).toEqual([
      "/api/v1/flags",
      "/api/v1/drills/plan",
      "/api/v1/rollouts",
      "/api/v1/drills/breach",
      "/api/v1/drills",
    ]);
    expect(calls).toContain('POST /api/v1/drills/plan {"environment":"eu west","name":"checkout"}');
    expect(calls.at(-1)).toBe('POST /api/v1/drills {"environment":"eu west","revision":7}');
  });

  it("takes the flag that the last drill left, and switches it on again where somebody killed it", async () => {
    const kept = desk({ flag: { enabled: true } });
    await kept.rehearsed;
    expect(kept.calls.filter((line) => line.startsWith("POST"))[0]).toContain("/api/v1/drills/plan");
    const killed = desk({ flag: { enabled: false } });
    await killed.rehearsed;
    expect(killed.calls[1]).toContain("/flags/rampart-drill/restore");
  });

  it("waits for a client that is behind, and feeds no breach while it is", async () => {
    const { rehearsed, calls, waitedMs } = desk({ clients: [{ lag: 1, lastContactAt: HEARD_LATELY }] });
    expect(await rehearsed).toEqual({ kind: "late", missed: "exposed", withinMs: 30_000 });
    expect(waitedMs()).toBe(30_000);
    expect(calls.join()).not.toContain("breach");
  });

  it("does not wait for a process that ended a while ago", async () => {
    const clients = [
      { lag: 2, lastContactAt: ENDED },
      { lag: 0, lastContactAt: HEARD_LATELY },
    ];
    expect(await desk({ clients }).rehearsed).toMatchObject({ kind: "recorded" });
  });

  it("records nothing when the receipts never close", async () => {
    const { rehearsed, calls } = desk({ openLooks: Number.POSITIVE_INFINITY });
    expect(await rehearsed).toEqual({ kind: "late", missed: "confirmed", withinMs: 120_000 });
    expect(calls.some((line) => line.startsWith("POST /api/v1/drills {"))).toBe(false);
  });

  it("gives other refusals back as they are", async () => {
    const refused = rehearseRollback({
      environment: "production",
      call: () => Promise.reject(new Error("forbidden")),
      isMissing: () => false,
      pause: () => Promise.resolve(),
      onStep: () => undefined,
    });
    await expect(refused).rejects.toThrow("forbidden");
  });
});
