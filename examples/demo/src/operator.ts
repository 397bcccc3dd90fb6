import type { Problem, RolloutEventPage, RolloutEventView, RolloutView } from "@rampart/core";

const TIMEOUT_MS = 5000;

/** The calls that an operator makes, over the same HTTP API as everybody. */
export class Operator {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  createFlag(key: string, description: string): Promise<unknown> {
    return this.#call("POST", "/api/v1/flags", { key, description });
  }

  startRollout(plan: string): Promise<RolloutView> {
    return this.#call("POST", "/api/v1/rollouts", { plan });
  }

  rollout(id: string): Promise<RolloutView> {
    return this.#call("GET", `/api/v1/rollouts/${id}`);
  }

  async events(id: string): Promise<readonly RolloutEventView[]> {
    return (await this.#call<RolloutEventPage>("GET", `/api/v1/rollouts/${id}/events?limit=1000`)).items;
  }

  async #call<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: "application/json",
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) {
      const problem = (await response.json()) as Problem;
      throw new Error(`${method} ${path} answered ${response.status}: ${problem.detail}`);
    }
    return (await response.json()) as T;
  }
}
