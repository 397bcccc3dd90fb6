import type { Problem, RampView } from "@rampart/core";
import { machineClockMs } from "./protocol.ts";

/** A flip as the operator saw it. */
export interface Flip {
  readonly view: RampView;
  /** When the request was sent, by the machine's monotonic clock. */
  readonly sentAtMs: number;
  readonly answeredAfterMs: number;
}

/** The calls that an operator makes, over the same HTTP API as everybody. */
export class Operator {
  readonly #url: string;
  readonly #token: string;
  readonly #environment = "production";

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async createFlag(key: string, description: string): Promise<void> {
    await this.#post("/api/v1/flags", { key, description });
  }

  ramp(flag: string, percentage: number, reason: string): Promise<Flip> {
    return this.#flip(flag, "rollout", { percentage, reason });
  }

  kill(flag: string, reason: string): Promise<Flip> {
    return this.#flip(flag, "kill", { reason });
  }

  async #flip(flag: string, verb: string, body: object): Promise<Flip> {
    const sentAtMs = machineClockMs();
    const view = await this.#post<RampView>(`/api/v1/environments/${this.#environment}/flags/${encodeURIComponent(flag)}/${verb}`, body);
    return { view, sentAtMs, answeredAfterMs: machineClockMs() - sentAtMs };
  }

  async #post<T>(path: string, body: object): Promise<T> {
    const response = await fetch(`${this.#url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    });
    if (!response.ok) {
      const problem = (await response.json()) as Problem;
      throw new Error(`${path} answered ${response.status}: ${problem.detail}`);
    }
    return (await response.json()) as T;
  }
}
