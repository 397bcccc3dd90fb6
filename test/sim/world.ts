import type { Measurement } from "../../packages/server/src/ports/metric-provider.ts";
import { brokenInvariants } from "../faults/invariants.ts";
import { Chance } from "./chance.ts";
import { SimulatedClient } from "./client.ts";
import { Clockwork } from "./clockwork.ts";
import { Disk, type DiskWeather } from "./disk.ts";
import { History } from "./history.ts";
import { CONFIG, DEFINITION, ENVIRONMENT, FLAG, INTERVAL_MS } from "./plan.ts";
import { SimulatedServer } from "./server.ts";

const CLIENTS = 3;
/** Faults begin within this time; then everything is mended. */
export const TROUBLE_MS = 60_000;
/** The longest back-off of a client, its spread, and what the server needs to get up. */
const RECOVERY_MS = 45_000;
const PROXY_KEEPS_MS = 5_000;
const JUDGED_EVERY_MS = 500;
const WALL_BEGIN_MS = Date.UTC(2026, 0, 5);

/** Where the new code is: what the metric says. */
export type Health = "good" | "elevated" | "bad" | "noData" | "error" | "silent" | "stale";

/** What a test puts in place of a part, to show that the simulation sees it. */
export interface Doubles {
  /** What the provider answers instead. */
  readonly measured?: (truth: Measurement, before: Measurement | undefined) => Measurement;
  /** Writes that the disk acknowledges and does not do. */
  readonly forgets?: (write: string) => boolean;
}

/** What came of a seed. */
export interface Outcome {
  readonly seed: number;
  /** Sentences; none: every invariant held. */
  readonly broken: readonly string[];
  /** SHA-256 of everything that happened. */
  readonly hash: string;
  readonly trace: readonly string[];
  readonly counts: {
    readonly crashes: number;
    readonly changes: number;
    readonly kills: number;
    readonly steps: number;
  };
}

/** One world: a server, three clients, a disk, a network, operators, and a metric; all that happens in it comes from the seed. */
export class World {
  readonly chance: Chance;
  readonly clockwork: Clockwork;
  readonly disk: Disk;
  readonly history = new History();
  readonly clients: readonly SimulatedClient[];
  server: SimulatedServer;
  health: Health = "good";
  wallAheadMs = 0;
  crashes = 0;
  kills = 0;
  readonly staleFor = new Set<string>();
  /** A kill that an operator was told is certain, and nobody took back since. */
  #killedAtMs: number | undefined;
  /** Asked for and not answered yet: who comes last is not known. */
  readonly #restoring = new Set<object>();
  /** What a proxy has seen, and when it was still true. */
  readonly #bodies: { readonly epoch: string; readonly revision: number; readonly body: string; lastMs: number }[] = [];
  #restores = 0;
  #rollouts = 0;
  #measured: Measurement | undefined;
  readonly #doubles: Doubles;

  constructor(
    seed: number,
    { doubles = {}, keepsTrace = false }: { readonly doubles?: Doubles; readonly keepsTrace?: boolean } = {},
  ) {
    this.#doubles = doubles;
    this.chance = new Chance(seed);
    this.clockwork = new Clockwork({ keepsAll: keepsTrace });
    this.disk = new Disk(this.clockwork, this.chance, doubles.forgets);
    this.disk.onWritten = () => this.#written();
    this.clients = Array.from({ length: CLIENTS }, (_, n) => this.#newClient(`client-${n}`));
    this.server = this.#newServer();
  }

  wallNow = (): number => WALL_BEGIN_MS + this.clockwork.nowMs + this.wallAheadMs;

  /** Brings everything up, and a rollout under way. */
  async begin(): Promise<void> {
    const configs = { development: CONFIG, staging: CONFIG, production: CONFIG };
    const meta = { actor: "operator", action: "flag.created", at: this.wallNow() };
    await this.disk.bare.store.createFlag(DEFINITION, configs, meta);
    await this.#written();
    this.#startServer();
    for (const client of this.clients) client.start();
    this.#judgeAgain();
    await this.clockwork.runUntil(500);
    this.startRollout();
  }

  /** Everything works again; after the time that it may take, everybody has what is stored. */
  async end(): Promise<void> {
    this.disk.turn("fine");
    this.health = "good";
    this.staleFor.clear();
    for (const client of this.clients) {
      client.isCacheBroken = false;
      client.line.isPrompt = true;
      client.line.mend();
      client.wake();
      if (client.status === undefined) client.start();
    }
    this.server.thaw();
    await this.clockwork.runUntil(this.clockwork.nowMs + RECOVERY_MS);
    const { nowMs } = this.clockwork;
    for (const client of this.clients) this.history.judgeEnd(client, nowMs);
    if (this.#killedAtMs !== undefined && this.history.newest?.isEnabled === true)
      this.history.broken.push(`${nowMs} ms: the kill of ${this.#killedAtMs} ms is lost`);
    this.history.broken.push(...(await brokenInvariants(this.disk.bare)));
  }

  crash(): void {
    this.clockwork.note("the server is killed");
    this.#crash(this.chance.between(200, 8_000));
  }

  /** As `crash`, on a machine without a clock of its own: it comes up as if no time had passed. */
  loseTime(): void {
    const outageMs = this.chance.between(2_000, 20_000);
    this.clockwork.note(`the server's machine loses power for ${outageMs} ms, and forgets them`);
    this.#crash(outageMs, () => (this.wallAheadMs -= outageMs));
  }

  #crash(outageMs: number, before: () => void = () => undefined): void {
    this.crashes += 1;
    this.server.crash();
    this.#restoring.clear();
    this.server = this.#newServer();
    this.clockwork.after(outageMs, () => {
      before();
      this.#startServer();
    });
  }

  turnDisk(weather: DiskWeather, forMs: number): void {
    this.clockwork.note(`the disk is ${weather} for ${forMs} ms`);
    this.disk.turn(weather);
    this.clockwork.after(forMs, () => this.disk.turn("fine"));
  }

  /** Something that a person asks of the server; what becomes of it is noted. */
  ask(what: string, act: (server: SimulatedServer) => Promise<unknown>): void {
    const { server } = this;
    if (!server.isUp) return;
    this.clockwork.note(`asked: ${what}`);
    server.whenAwake(() => {
      act(server).then(
        (answer) => this.clockwork.note(`done: ${what} ${typeof answer === "string" ? answer : ""}`),
        () => this.clockwork.note(`failed: ${what}`),
      );
    });
  }

  kill(): void {
    const restores = this.#restores;
    const isAlone = this.#restoring.size === 0;
    this.ask("kill", async (server) => {
      const answer = await server.kill();
      if (answer === "failed") return answer;
      this.kills += 1;
      // Of a restore that was under way at the same time nobody knows whether it came first.
      if (isAlone && restores === this.#restores) this.#killedAtMs = this.clockwork.nowMs;
      if (answer === "told") this.history.overruled(this.clockwork.nowMs);
      return answer;
    });
  }

  restore(): void {
    const { server } = this;
    if (!server.isUp) return;
    const one = {};
    this.#restores += 1;
    this.#killedAtMs = undefined;
    this.#restoring.add(one);
    this.ask("restore", async () => {
      try {
        await server.restore();
      } finally {
        this.#restoring.delete(one);
        this.#killedAtMs = undefined;
      }
    });
  }

  startRollout(): void {
    this.#rollouts += 1;
    const id = `r${this.#rollouts}`;
    this.ask(`start ${id}`, (server) => server.begin(id));
  }

  promote(): void {
    this.ask("promote", async (server) => {
      this.history.promoted(this.clockwork.nowMs);
      await server.command({ kind: "promote" });
      this.history.promoted(this.clockwork.nowMs);
    });
  }

  newEpoch(): void {
    // A restored backup is a newer decision than what could not be stored before it.
    if (this.disk.emergency !== undefined && this.disk.emergency !== "[]") return;
    this.ask("a new epoch", (server) => server.newEpoch());
  }

  #startServer(): void {
    const { server } = this;
    if (!server.isAlive || server.isUp) return;
    server.start().then(
      () => this.clockwork.note(`the server is up at ${server.basis}`),
      () => {
        // As a supervisor does it.
        server.crash();
        if (this.server !== server) return;
        this.server = this.#newServer();
        this.clockwork.after(1_000, () => this.#startServer());
      },
    );
  }

  #newServer(): SimulatedServer {
    const { clockwork, chance, disk, wallNow } = this;
    const metric = {
      sample: () => this.#measure(),
      baseline: () => Promise.resolve({ kind: "noData" as const, reason: "no past", raw: "" }),
    };
    return new SimulatedServer({ clockwork, chance, disk, wallNow, metric });
  }

  #newClient(name: string): SimulatedClient {
    const client: SimulatedClient = new SimulatedClient({
      name,
      clockwork: this.clockwork,
      chance: this.chance,
      reach: {
        server: () => (this.server.isUp ? this.server : undefined),
        stale: () => this.#stale(client),
      },
      onMoved: () => {
        this.clockwork.note(`${name} is at ${client.status?.epoch}:${client.status?.revision}`);
        this.history.judge(client, this.clockwork.nowMs);
      },
    });
    return client;
  }

  /**
   * A proxy that keeps what it must not keep gives something of a moment ago, or of any time before what the client holds: that has to be told from
   * its revision. What is both newer than that and long over, nobody could tell from the truth.
   */
  #stale(client: SimulatedClient): string | undefined {
    const present = this.server.snapshot;
    if (present === undefined) return undefined;
    const { nowMs } = this.clockwork;
    if (this.#bodies.at(-1)?.body !== present.body) this.#bodies.push({ ...present, lastMs: nowMs });
    const newest = this.#bodies.at(-1);
    if (newest !== undefined) newest.lastMs = nowMs;
    if (!this.staleFor.has(client.name)) return undefined;
    const { epoch, revision } = client.status ?? {};
    const kept = this.#bodies.filter(
      (one) => nowMs - one.lastMs < PROXY_KEEPS_MS || (one.epoch === epoch && one.revision < (revision ?? 0)),
    );
    return this.chance.pick(kept).body;
  }

  /** The provider takes a while, or never answers within its time, and what it says was true when it was asked. */
  async #measure(): Promise<Measurement> {
    const truth = this.#truth();
    const answer = this.#doubles.measured?.(truth, this.#measured) ?? truth;
    this.#measured = answer;
    const isFresh = truth.kind === "value" && this.health !== "stale";
    await new Promise<void>((resolve) =>
      this.clockwork.after(this.health === "silent" ? 2_000 : this.chance.between(1, INTERVAL_MS / 4), resolve),
    );
    this.history.sampled(this.clockwork.nowMs, isFresh ? truth.value : undefined);
    return answer;
  }

  #truth(): Measurement {
    const value = (is: number, observedAt = this.wallNow()): Measurement => ({
      kind: "value",
      value: is,
      observedAt,
      raw: "",
    });
    switch (this.health) {
      case "good":
        return value(0.002);
      case "elevated":
        return value(0.03);
      case "bad":
        return value(0.2);
      case "noData":
        return { kind: "noData", reason: "empty", raw: "" };
      case "error":
      case "silent":
        return { kind: "error", cause: "provider", reason: "no answer" };
      case "stale":
        return value(0.002, this.wallNow() - 3_600_000);
    }
  }

  async #written(): Promise<void> {
    const { store } = this.disk.bare;
    const environment = (await store.environments()).find(({ key }) => key === ENVIRONMENT);
    const record = await store.config(ENVIRONMENT, FLAG);
    if (environment === undefined || record === undefined) return;
    if (!this.history.written(this.clockwork.nowMs, environment, record)) return;
    const { enabled, fallthrough } = record.config;
    this.clockwork.note(
      `stored: ${environment.epoch}:${environment.revision} ${enabled ? JSON.stringify(fallthrough) : "off"} by ${record.updatedBy}`,
    );
  }

  #judgeAgain(): void {
    for (const client of this.clients) if (client.isRunning) this.history.judge(client, this.clockwork.nowMs);
    this.clockwork.after(JUDGED_EVERY_MS, () => this.#judgeAgain());
  }
}
