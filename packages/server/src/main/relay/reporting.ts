import type { Logger } from "../../ports/logger.ts";
import type { Timers } from "../../ports/timers.ts";
import { LISTED_MAX } from "../../stream/client-lists.ts";
import type { Hub } from "../../stream/hub.ts";
import type { ReceiptsPart } from "../../stream/receipt-parts.ts";
import { RECEIPTS_KEPT_MAX } from "../../stream/receipts.ts";
import type { Upstream } from "./upstream.ts";

/** How often a relay says who applied what, and that it is there. */
const REPORT_EVERY_MS = 1_000;

/** It says whom it has with every so many of these. */
const LISTED_EVERY = 2;

/** Who is told of, and who is told. */
export interface ReportingParts {
  readonly hub: Pick<Hub, "clientsView" | "receiptsParts" | "countTogether" | "askPeers">;
  /** By environment. */
  readonly links: ReadonlyMap<string, Pick<Upstream, "report">>;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** What a relay has to say of one urgent change. */
interface Telling {
  readonly part: ReceiptsPart;
  readonly text: string;
  isTold: boolean;
}

/** Tells the upstream server whom this relay has, and who of them applied urgent changes. What it could not tell is told with the next report. */
export class Reporting {
  readonly #parts: ReportingParts;
  /** By environment and revision, the oldest first. */
  readonly #tellings = new Map<string, Telling>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #failing = new Set<string>();
  #turn = 0;

  constructor(parts: ReportingParts) {
    this.#parts = parts;
  }

  /** Begins, and gives what stops it: then everything is said once more, and that nothing will follow. */
  start(): () => Promise<void> {
    const { hub, links, timers } = this.#parts;
    // Receipts that were closed are handed out only where somebody counts beside.
    hub.countTogether();
    const cancel = timers.every(REPORT_EVERY_MS, () => {
      const isListing = this.#turn % LISTED_EVERY === 0;
      this.#turn += 1;
      this.#gather();
      for (const environment of links.keys())
        if (!this.#running.has(environment)) void this.#go(environment, { isListing });
    });
    return async () => {
      cancel();
      await Promise.all(this.#running.values());
      this.#gather();
      await Promise.all([...links.keys()].map((environment) => this.#go(environment, { isListing: true, left: true })));
    };
  }

  #gather(): void {
    const { hub } = this.#parts;
    // There are none beside it.
    hub.askPeers()([]);
    const present = new Set<string>();
    for (const part of hub.receiptsParts()) {
      const name = `${part.environment}/${part.revision}`;
      const text = JSON.stringify(part);
      present.add(name);
      if (this.#tellings.get(name)?.text === text) continue;
      this.#tellings.set(name, { part, text, isTold: false });
    }
    for (const [name, { isTold }] of this.#tellings) if (isTold && !present.has(name)) this.#tellings.delete(name);
    const [oldest] = this.#tellings.keys();
    const keptMax = RECEIPTS_KEPT_MAX * this.#parts.links.size;
    if (oldest !== undefined && this.#tellings.size > keptMax) this.#tellings.delete(oldest);
  }

  #go(environment: string, how: { readonly isListing: boolean; readonly left?: boolean }): Promise<void> {
    const running = this.#report(environment, how)
      .then(() => void this.#failing.delete(environment))
      .catch((error: unknown) => {
        if (!this.#failing.has(environment))
          this.#parts.logger.warn(
            { environment, err: error },
            "the upstream server can't be told which clients are here",
          );
        this.#failing.add(environment);
      })
      .finally(() => this.#running.delete(environment));
    this.#running.set(environment, running);
    return running;
  }

  async #report(
    environment: string,
    { isListing, left = false }: { readonly isListing: boolean; readonly left?: boolean },
  ): Promise<void> {
    const { hub, links } = this.#parts;
    const clients = isListing ? hub.clientsView(environment, LISTED_MAX) : undefined;
    const due = [...this.#tellings.values()].filter(({ part, isTold }) => part.environment === environment && !isTold);
    const receipts = due.map(({ part }) => part);
    await links.get(environment)?.report({ receipts, left, ...(clients !== undefined && { clients }) });
    for (const telling of due) telling.isTold = true;
  }
}
