import type { ClientPorts } from "./ports.ts";
import type { InitResult } from "./types.ts";

/** No caller waits longer for a flag server. */
export const INIT_TIMEOUT_MAX_MS = 600_000;

/** Those who wait for `init`. The first result that is final is everybody's; without one each gets what there is when its time is up. */
export class InitWaiters {
  readonly #ports: Pick<ClientPorts, "setTimer">;
  readonly #waiting = new Set<(result: InitResult) => void>();
  #failure: InitResult | undefined;

  constructor(ports: Pick<ClientPorts, "setTimer">) {
    this.#ports = ports;
  }

  /** Resolves with what is settled within `timeoutMs`, else with `atTimeout()`. Keeps the process alive for so long, and no longer. */
  wait(timeoutMs: number, atTimeout: () => InitResult): Promise<InitResult> {
    const now = atTimeout();
    if (now.status === "ready") return Promise.resolve(now);
    if (now.status === "failed" || this.#failure !== undefined) return Promise.resolve(this.#failure ?? now);
    const boundedMs = timeoutMs >= 0 ? Math.min(timeoutMs, INIT_TIMEOUT_MAX_MS) : 0;
    return new Promise((resolve) => {
      const settle = (result: InitResult): void => {
        cancel();
        this.#waiting.delete(settle);
        resolve(result);
      };
      const cancel = this.#ports.setTimer(boundedMs, () => settle(atTimeout()), { keepAlive: true });
      this.#waiting.add(settle);
    });
  }

  settle(result: InitResult): void {
    for (const settle of this.#waiting) settle(result);
  }

  /** Settles for good: waiting can't help. */
  fail(result: InitResult): void {
    this.#failure = result;
    this.settle(result);
  }
}
