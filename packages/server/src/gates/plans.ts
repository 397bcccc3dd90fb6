import type { Plan } from "../domain/plan/types.ts";
import type { PlanRecord, RolloutStore } from "../ports/rollout-store.ts";

/** Plans kept parsed; the longest unused goes first, and is parsed again when it is asked for. */
const PLANS_MAX = 1000;

/** A stored revision of a plan, parsed. */
export interface StoredPlan {
  readonly record: PlanRecord;
  readonly plan: Plan;
}

/** The stored plans. What a digest stands for never changes, so each is read and parsed once. */
export class Plans {
  readonly #store: Pick<RolloutStore, "plan">;
  readonly #parse: (text: string) => Plan | Promise<Plan>;
  readonly #known = new Map<string, StoredPlan>();

  /** `parse` throws or rejects when this version can't read a plan any more. */
  constructor(store: Pick<RolloutStore, "plan">, parse: (text: string) => Plan | Promise<Plan>) {
    this.#store = store;
    this.#parse = parse;
  }

  /** Undefined: there is no such plan. Rejects when it can't be read any more. */
  async get(digest: string): Promise<StoredPlan | undefined> {
    const known = this.#known.get(digest);
    if (known) return this.#keep(known);
    const record = await this.#store.plan(digest);
    return record && this.#keep({ record, plan: await this.#parse(record.text) });
  }

  /** As `get`, for a rollout's plan, which is always there. */
  async of(rollout: { readonly id: string; readonly planDigest: string }): Promise<StoredPlan> {
    const stored = await this.get(rollout.planDigest);
    if (!stored) throw new Error(`the plan ${rollout.planDigest} of rollout ${rollout.id} is not in the store`);
    return stored;
  }

  #keep(stored: StoredPlan): StoredPlan {
    const { digest } = stored.record;
    this.#known.delete(digest);
    this.#known.set(digest, stored);
    const [oldest] = this.#known.keys();
    if (this.#known.size > PLANS_MAX && oldest !== undefined) this.#known.delete(oldest);
    return stored;
  }
}
