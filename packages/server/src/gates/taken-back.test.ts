import { beforeEach, describe, expect, it } from "vitest";
import { parsePlan } from "../domain/plan/parse.ts";
import type { Plan } from "../domain/plan/types.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import { createMemoryStores } from "../store/memory-rollout-store.ts";
import { countingRandom } from "../store/testing/fixtures.ts";
import { World } from "./testing/world.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");
const COMMIT_MS = 7;
const QUERY_MS = 40;

/** After the flag's creation and the ramp to the first stage. */
const KILL_REVISION = 3;

const PLAN = `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout, title: Checkout }
spec:
  flag: checkout
  environment: production
  interval: 10s
  metrics:
    error_rate: { prometheus: { query: errors }, unit: ratio }
    p95: { prometheus: { query: p95 }, unit: seconds }
  triggers:
    - { name: errors, when: "error_rate >= 5%", action: rollback, severity: P0 }
  stages:
    - { name: canary, percentage: 5, duration: 1h, criteria: [ { require: "p95 < 500ms", for: 1m } ] }
    - { name: full, percentage: 100, duration: 1h }
`;

let world: World;
let id: string;

/** A world whose queries and commits take their time. */
beforeEach(async () => {
  const stores = createMemoryStores({ random: countingRandom() });
  const commitRollout = stores.rollouts.commitRollout.bind(stores.rollouts);
  const slow: Pick<RolloutStore, "commitRollout"> = {
    commitRollout: (commit) => {
      world.now += COMMIT_MS;
      return commitRollout(commit);
    },
  };
  world = new World(plan(), { store: stores.store, rollouts: Object.assign(stores.rollouts, slow) }, AT);
  world.metric = () => ({ kind: "value", value: 0, ageMs: 1_000 });
  id = await world.begin();
  await world.attend(id);
  expect(await world.exposure()).toBe(5);
});

describe("a rollback", () => {
  it("that samples caused says how old they were, and how long asking, deciding and storing took", async () => {
    world.metric = (name) => {
      if (name === "p95") world.now += QUERY_MS;
      return { kind: "value", value: name === "p95" ? 0 : 0.06, ageMs: name === "p95" ? 1_000 : 4_000 };
    };
    world.now += 10_000;
    await world.attend(id);
    expect(await world.exposure()).toBe(0);
    expect(world.takenBack).toEqual([
      {
        rollout: id,
        environment: "production",
        revision: KILL_REVISION,
        dataAgeMs: 4_000,
        decideMs: QUERY_MS,
        commitMs: COMMIT_MS,
        committedAtMs: expect.any(Number) as number,
      },
    ]);
  });

  it("that a person asked for was decided on no data", async () => {
    await world.runner.command(id, { by: "ada", roles: [] }, { kind: "rollback", reason: "it hurts" });
    expect(world.takenBack).toMatchObject([{ rollout: id, decideMs: 0, commitMs: COMMIT_MS }]);
    expect(world.takenBack[0]?.dataAgeMs).toBeUndefined();
  });

  it("that follows a kill by hand is told apart from it, since it takes the percentage back too", async () => {
    await world.killByHand("ada");
    await world.settle(id);
    expect(world.takenBack).toMatchObject([{ rollout: id, revision: KILL_REVISION + 1 }]);
  });
});

function plan(): Plan {
  const parsed = parsePlan(PLAN);
  return parsed.ok ? parsed.plan : expect.fail(parsed.problems.map(({ message }) => message).join("; "));
}
