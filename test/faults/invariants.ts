/** What must hold of a server's stores whatever happened to it: the one checker that runs after every fault. */
import { Oracle } from "../../packages/server/src/domain/rollout/testing/oracle.ts";
import { parsePlan } from "../../packages/server/src/domain/plan/parse.ts";
import type { Plan } from "../../packages/server/src/domain/plan/types.ts";
import { schedule, step } from "../../packages/server/src/domain/rollout/step.ts";
import { differencesOf } from "../../packages/server/src/domain/difference.ts";
import type { RolloutRow, RolloutStore } from "../../packages/server/src/ports/rollout-store.ts";
import type { Store } from "../../packages/server/src/ports/store.ts";
import { violations } from "../../packages/server/src/store/invariants.ts";

const ROLLOUTS_MAX = 100_000;
const EVENTS_PAGE = 1_000;

/** Both stores of a server. */
export interface Stores {
  readonly store: Store;
  readonly rollouts: Pick<RolloutStore, "rollouts" | "rolloutEvents" | "plan">;
}

/**
 * A sentence for everything that is wrong; none: []. Of flags: the audit's chain is whole, revisions have no gap, the change log and the audit
 * agree with what is stored, and replaying the audit gives it. Of rollouts: replaying the log gives the stored state, and on the way
 * there nothing rose without a fresh pass, nor after a rollback. Nothing may write meanwhile.
 */
export async function brokenInvariants({ store, rollouts }: Stores): Promise<readonly string[]> {
  const found = [...(await violations(store))];
  const plans = new Map<string, Plan>();
  for (const row of await rollouts.rollouts({ limit: ROLLOUTS_MAX })) {
    let plan = plans.get(row.planDigest);
    if (plan === undefined) {
      plan = await storedPlan(rollouts, row);
      plans.set(row.planDigest, plan);
    }
    found.push(...(await brokenRollout(rollouts, row, plan)));
  }
  return found;
}

async function storedPlan(rollouts: Stores["rollouts"], { id, planDigest }: RolloutRow): Promise<Plan> {
  const record = await rollouts.plan(planDigest);
  if (record === undefined) throw new Error(`the plan ${planDigest} of rollout ${id} is not stored`);
  const parsed = parsePlan(record.text);
  if (!parsed.ok) throw new Error(`the stored plan of rollout ${id} can't be read: ${parsed.problems[0]?.message}`);
  return parsed.plan;
}

async function brokenRollout(rollouts: Stores["rollouts"], row: RolloutRow, plan: Plan): Promise<readonly string[]> {
  const { id, seq, createdAt, createdBy } = row;
  const oracle = new Oracle(plan);
  let { state } = schedule(plan, { at: createdAt, startAt: row.state.startAt, by: createdBy });
  let told = 0;
  for (;;) {
    const page = await rollouts.rolloutEvents(id, told, EVENTS_PAGE);
    for (const { seq: next, event } of page) {
      if (next !== told + 1) return [`${id}: event ${next} follows ${told}`];
      const after = step(plan, state, event);
      oracle.watch({ plan, before: state, event, after });
      state = after.state;
      told = next;
    }
    if (page.length < EVENTS_PAGE) break;
  }
  const found = oracle.broken.map((rule) => `${id}: ${rule}`);
  if (told !== seq) found.push(`${id} is at event ${seq}, its log at ${told}`);
  const differences = differencesOf(JSON.parse(JSON.stringify(state)), JSON.parse(JSON.stringify(row.state)));
  for (const { pointer, yours, current } of differences)
    found.push(`${id}${pointer}: the log gives ${JSON.stringify(yours)}, the store has ${JSON.stringify(current)}`);
  return found;
}
