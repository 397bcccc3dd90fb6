import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";
import type { Way } from "./disk.ts";
import type { SimulatedServer } from "./server.ts";

/** A supervisor starts a server anew after this. */
const RESTART_MS = 1_000;

/** What a machine is made of. */
export interface MachineParts {
  readonly name: string;
  readonly clockwork: Clockwork;
  readonly chance: Chance;
  /** A new process of the server, which is not started yet. */
  readonly newServer: (machine: Machine) => SimulatedServer;
}

/** Where a server runs, one process after the other, and what outlives them. */
export class Machine {
  readonly name: string;
  /** To the store. */
  readonly way: Way = { weather: "fine" };
  wallAheadMs = 0;
  /** What the emergency file holds. */
  emergency: string | undefined = undefined;
  /** Which process it is: 1, 2, … */
  life = 0;
  server: SimulatedServer;
  readonly #parts: MachineParts;

  constructor(parts: MachineParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.server = this.#next();
  }

  start(): void {
    const { server } = this;
    const { clockwork } = this.#parts;
    if (!server.isAlive || server.isUp) return;
    server.start().then(
      () => clockwork.note(`${this.name} is up at ${server.basis}`),
      () => {
        // As a supervisor does it.
        server.crash();
        if (this.server !== server) return;
        this.server = this.#next();
        clockwork.after(RESTART_MS, () => this.start());
      },
    );
  }

  /** SIGKILL, and another process after the outage. */
  crash(outageMs: number, before: () => void = () => undefined): void {
    this.server.crash();
    this.server = this.#next();
    this.#parts.clockwork.after(outageMs, () => {
      before();
      this.start();
    });
  }

  #next(): SimulatedServer {
    this.life += 1;
    return this.#parts.newServer(this);
  }
}
