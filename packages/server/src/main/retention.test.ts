import { describe, expect, it } from "vitest";
import { parsePlan } from "../domain/plan/parse.ts";
import { step } from "../domain/rollout/step.ts";
import type { Logger } from "../ports/logger.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { INTERVAL_MS, startRolloutServer } from "../testing/rollout-server.ts";
import { startPruning } from "./retention.ts";

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

function start(days: number, rounds: readonly (number | Error)[]) {
  const platform = manualPlatform();
  const startedAt = platform.clock.now();
  const asked: number[] = [];
  const lines: string[] = [];
  const line = (_: unknown, message: string): void => void lines.push(message);
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  const left = [...rounds];
  const rollouts = {
    async prune(before: number) {
      asked.push(startedAt - before);
      const next = left.shift() ?? 0;
      if (next instanceof Error) throw next;
      return { messages: next, events: 0 };
    },
  };
  const evaluations = { pruneEvaluations: async () => 0 };
  const pruning = startPruning(days, { ...platform, rollouts, evaluations, logger });
  return { platform, asked, lines, pruning };
}

describe("what is older than the retention", () => {
  it("is pruned in pieces at the start, and looked for every hour", async () => {
    const { platform, asked, lines } = start(90, [1000, 20, 0]);
    await platform.advance(1000);
    expect(asked).toEqual([90 * DAY_MS, 90 * DAY_MS, 90 * DAY_MS]);
    expect(lines).toEqual(["what is older than the retention was pruned"]);
    await platform.advance(HOUR_MS);
    expect(asked).toHaveLength(4);
  });

  it("is kept for ever where the operator wants that", async () => {
    const { platform, asked, pruning } = start(0, [1000]);
    await platform.advance(2 * HOUR_MS);
    await pruning.stop();
    expect(asked).toEqual([]);
  });

  it("is tried again an hour after a failure", async () => {
    const { platform, asked, lines } = start(1, [new Error("the disk is full"), 0]);
    await platform.advance(1000);
    expect(lines).toEqual(["what is older than the retention can't be pruned; it is tried again in an hour"]);
    await platform.advance(HOUR_MS);
    expect(asked).toHaveLength(2);
  });

  it("holds up the end of the server no longer than the piece that was begun", async () => {
    const { platform, asked, pruning } = start(
      1,
      Array.from({ length: 100 }, () => 1000),
    );
    await platform.advance(0);
    await pruning.stop();
    await platform.advance(DAY_MS);
    expect(asked).toHaveLength(1);
  });
});

describe("a rollout whose samplings were pruned", () => {
  it("still shows its story and can still be rolled back; its log goes on from where it was cut", async () => {
    const server = await startRolloutServer({ config: { retentionDays: 0 } });
    const plan = `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout, title: The new checkout }
spec: { flag: checkout, environment: production, interval: 10s, stages: [ { name: full, percentage: 100, duration: 1m } ] }
`;
    const id = await server.begin(plan);
    await server.until(id, "completed");
    const before = (await server.rollouts.rollout(id))?.state;
    const { events } = await server.rollouts.prune(server.platform.clock.now() + 1, 1000);
    expect(events).toBeGreaterThan(5);
    expect((await server.rollouts.rollout(id))?.logBase?.state).toEqual(before);
    const told = (await server.events(id)).map(({ event }) => event);
    expect(told).toEqual(expect.arrayContaining(["scheduled", "stageStarted", "completed"]));
    expect((await server.command(id, "rollback", { reason: "look" })).status).toBe(200);
    await server.pass(2 * INTERVAL_MS);
    expect(await server.exposure()).toBe(0);
    const row = await server.rollouts.rollout(id);
    const log = await server.rollouts.rolloutEvents(id, row?.logBase?.seq ?? 0, 1000);
    const parsed = parsePlan(plan);
    if (!parsed.ok || row?.logBase === undefined) throw new Error("there is no base, or no plan");
    const replayed = log.reduce((state, { event }) => step(parsed.plan, state, event).state, row.logBase.state);
    expect(replayed).toEqual(row.state);
    expect(log.map(({ seq }) => seq)).toEqual(
      Array.from({ length: (row?.seq ?? 0) - (row?.logBase?.seq ?? 0) }, (_, n) => (row?.logBase?.seq ?? 0) + 1 + n),
    );
  });
});
