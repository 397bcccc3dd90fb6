import type { Acknowledgement, Basis } from "../wire/types.ts";
import type { ClientPorts, HttpResponse } from "./ports.ts";

/** Receipts of many clients for the same change are spread over this time. */
export const RECEIPT_SPREAD_MS = 500;

/** A receipt that could not be delivered is tried again after one second, then after two; then the next connect's basis has to do. */
export const RECEIPT_TRIES = 3;

/** How receipts are sent. `post` rejects, or answers with another status than 2xx, when one was not taken. */
export interface ReceiptsOptions {
  readonly ports: Pick<ClientPorts, "setTimer" | "random" | "wallNow">;
  readonly instanceId: string;
  readonly post: (receipt: Acknowledgement) => Promise<HttpResponse>;
}

/** Says to the server that an urgent change was applied, and when. One receipt at a time; a newer one stands for the older. */
export class Receipts {
  readonly #options: ReceiptsOptions;
  /** Urgent revisions seen but not held yet: the snapshot that brings them is not marked urgent itself. */
  #awaited: Basis | undefined;
  #due: Acknowledgement | undefined;
  #cancelTimer: (() => void) | undefined;
  #posting = false;
  #stopped = false;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  /** An urgent change was announced. */
  expect(basis: Basis): void {
    const awaited = this.#awaited;
    if (awaited === undefined || awaited.epoch !== basis.epoch || awaited.revision < basis.revision)
      this.#awaited = basis;
  }

  /** This is held now. */
  holds(basis: Basis): void {
    const awaited = this.#awaited;
    if (awaited === undefined || (awaited.epoch === basis.epoch && awaited.revision > basis.revision)) return;
    this.#awaited = undefined;
    const { ports, instanceId } = this.#options;
    this.#due = { instanceId, epoch: basis.epoch, revision: basis.revision, appliedAt: ports.wallNow() };
    if (!this.#posting && this.#cancelTimer === undefined) this.#after(ports.random() * RECEIPT_SPREAD_MS, 1);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
  }

  #after(delayMs: number, attempt: number): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.#options.ports.setTimer(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#post(attempt);
    });
  }

  async #post(attempt: number): Promise<void> {
    const receipt = this.#due;
    if (receipt === undefined) return;
    this.#posting = true;
    const delivered = await this.#options.post(receipt).then(
      ({ status }) => status >= 200 && status < 300,
      () => false,
    );
    this.#posting = false;
    if (this.#stopped) return;
    if (this.#due !== receipt) return this.#after(0, 1);
    if (delivered || attempt >= RECEIPT_TRIES) this.#due = undefined;
    else this.#after(1_000 * attempt * (0.5 + this.#options.ports.random()), attempt + 1);
  }
}
