import type { Measurement } from "../../packages/server/src/ports/metric-provider.ts";
import { brokenInvariants } from "../faults/invariants.ts";
import { Chance } from "./chance.ts";
import type { ReceiptsView } from "@rampart/core";
import { type Route, SimulatedClient } from "./client.ts";
import { Clockwork } from "./clockwork.ts";
import { Disk, type DiskDoubles, type DiskWeather } from "./disk.ts";
import { History } from "./history.ts";
import { Machine } from "./machine.ts";
import { Line } from "./network.ts";
import { CONFIG, DEFINITION, ENVIRONMENT, FLAG, INTERVAL_MS } from "./plan.ts";
import { SimulatedServer } from "./server.ts";

const CLIENTS = 3;
const MACHINES_MAX = 3;
/** Of the seeds, this share has one server: there is less that happens between several. */
const SOLE_SHARE = 0.7;
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
export interface Doubles extends DiskDoubles {
  /** What the provider answers instead. */
  readonly measured?: (truth: Measurement, before: Measurement | undefined) => Measurement;
}

/** How a seed is played. */
export interface WorldOptions {
  readonly doubles?: Doubles;
  readonly keepsTrace?: boolean;
  /** Servers; else the seed decides. */
  readonly servers?: number;
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

/** One world: one to three servers, three clients, a disk, a network, operators, and a metric; all that happens in it comes from the seed. */
export class World {
  readonly chance: Chance;
  readonly clockwork: Clockwork;
  readonly disk: Disk;
  readonly history: History;
  readonly machines: readonly Machine[];
  readonly clients: readonly SimulatedClient[];
  health: Health = "good";
  /** Servers on one store hear of what the others commit; else they look each second. */
  isToldOfCommits = true;
  crashes = 0;
  kills = 0;
  readonly staleFor = new Set<string>();
  /** A kill that an operator was told is certain, and nobody took back since. */
  #killedAtMs: number | undefined;
  /** That one is not known to be stored. */
  #isKillTold = false;
  /** Asked for and not answered yet: who comes last is not known. */
  readonly #restoring = new Set<{ readonly by: Machine }>();
  readonly #lines = new Map<SimulatedClient, ReadonlyMap<Machine, Line>>();
  /** Where a balancer has sent each client. */
  readonly #places = new Map<SimulatedClient, Machine>();
  /** What a proxy has seen, and when it was still true. */
  readonly #bodies: { readonly epoch: string; readonly revision: number; readonly body: string; lastMs: number }[] = [];
  /** Processes that a proxy has answered: no server knows of them, though they are in touch. */
  readonly #fooled = new Set<string>();
  #restores = 0;
  #rollouts = 0;
  #measured: Measurement | undefined;
  readonly #doubles: Doubles;

  constructor(seed: number, { doubles = {}, keepsTrace = false, servers }: WorldOptions = {}) {
    this.#doubles = doubles;
    this.chance = new Chance(seed);
    this.clockwork = new Clockwork({ keepsAll: keepsTrace });
    const { chance, clockwork } = this;
    const machines = servers ?? (chance.next() < SOLE_SHARE ? 1 : chance.between(2, MACHINES_MAX));
    const isShared = machines > 1;
    this.disk = new Disk({ clockwork, chance, isShared, doubles });
    this.disk.onWritten = (by) => this.#written(by);
    this.disk.onStepped = (fence, newest) => this.history.stepped(clockwork.nowMs, fence, newest);
    this.history = new History({ isShared });
    this.machines = Array.from({ length: machines }, (_, n) => this.#newMachine(`server-${n}`, isShared));
    this.clients = Array.from({ length: CLIENTS }, (_, n) => this.#newClient(`client-${n}`));
  }

  get isShared(): boolean {
    return this.machines.length > 1;
  }

  anyMachine(): Machine {
    return this.chance.pick(this.machines);
  }

  linesOf(client: SimulatedClient): readonly Line[] {
    return [...(this.#lines.get(client)?.values() ?? [])];
  }

  /** The client's next connection may go to another server. */
  move(client: SimulatedClient): void {
    this.#places.set(client, this.anyMachine());
  }

  /** Brings everything up, and a rollout under way. */
  async begin(): Promise<void> {
    const configs = { development: CONFIG, staging: CONFIG, production: CONFIG };
    const meta = { actor: "operator", action: "flag.created", at: WALL_BEGIN_MS };
    await this.disk.bare.store.createFlag(DEFINITION, configs, meta);
    await this.#written("operator");
    for (const machine of this.machines) machine.start();
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
      for (const line of this.linesOf(client)) {
        line.isPrompt = true;
        line.mend();
      }
      client.wake();
      if (client.status === undefined) client.start();
    }
    this.isToldOfCommits = true;
    for (const { way, server } of this.machines) {
      this.disk.turnWay(way, "fine");
      server.thaw();
    }
    await this.clockwork.runUntil(this.clockwork.nowMs + RECOVERY_MS);
    const { nowMs } = this.clockwork;
    for (const client of this.clients) this.history.judgeEnd(client, nowMs);
    const evaluators = this.machines.filter(({ server }) => server.evaluates).map(({ name }) => name);
    if (this.isShared && evaluators.length !== 1)
      this.history.broken.push(`${nowMs} ms: the rollouts are evaluated by [${evaluators.join(", ")}]`);
    if (this.#killedAtMs !== undefined && this.history.newest?.isEnabled === true)
      this.history.broken.push(`${nowMs} ms: the kill of ${this.#killedAtMs} ms is lost`);
    this.history.broken.push(...(await brokenInvariants(this.disk.bare)));
  }

  crash(machine = this.anyMachine()): void {
    this.clockwork.note(`${machine.name} is killed`);
    this.#crash(machine, this.chance.between(200, 8_000));
  }

  /** As `crash`, on a machine without a clock of its own: it comes up as if no time had passed. */
  loseTime(machine = this.anyMachine()): void {
    const outageMs = this.chance.between(2_000, 20_000);
    this.clockwork.note(`${machine.name} loses power for ${outageMs} ms, and forgets them`);
    this.#crash(machine, outageMs, () => (machine.wallAheadMs -= outageMs));
  }

  #crash(machine: Machine, outageMs: number, before?: () => void): void {
    this.crashes += 1;
    for (const one of this.#restoring) if (one.by === machine) this.#restoring.delete(one);
    machine.crash(outageMs, before);
  }

  turnDisk(weather: DiskWeather, forMs: number): void {
    this.clockwork.note(`the disk is ${weather} for ${forMs} ms`);
    this.disk.turn(weather);
    this.clockwork.after(forMs, () => this.disk.turn("fine"));
  }

  /** Something that a person asks of a server; what becomes of it is noted. */
  ask(what: string, act: (server: SimulatedServer) => Promise<unknown>, machine = this.anyMachine()): void {
    const { server, name } = machine;
    if (!server.isUp) return;
    this.clockwork.note(`asked of ${name}: ${what}`);
    server.whenAwake(() => {
      act(server).then(
        (answer) => this.clockwork.note(`done: ${what} ${typeof answer === "string" ? answer : ""}`),
        () => this.clockwork.note(`failed: ${what}`),
      );
    });
  }

  kill(machine = this.anyMachine()): void {
    const restores = this.#restores;
    const isAlone = this.#restoring.size === 0;
    const kill = async (server: SimulatedServer): Promise<string> => {
      const answer = await server.kill();
      if (answer === "failed") return answer;
      this.kills += 1;
      // Of a restore that was under way at the same time nobody knows whether it came first.
      if (isAlone && restores === this.#restores) {
        this.#killedAtMs = this.clockwork.nowMs;
        this.#isKillTold = answer === "told";
      }
      if (answer === "told") this.history.overruled(this.clockwork.nowMs);
      return answer;
    };
    this.ask("kill", kill, machine);
  }

  restore(): void {
    const machine = this.anyMachine();
    if (!machine.server.isUp) return;
    const one = { by: machine };
    this.#restores += 1;
    this.#killedAtMs = undefined;
    this.#restoring.add(one);
    const restore = async (server: SimulatedServer): Promise<void> => {
      try {
        await server.restore();
      } finally {
        this.#restoring.delete(one);
        this.#killedAtMs = undefined;
      }
    };
    this.ask("restore", restore, machine);
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
      // One that completes the rollout is a person's word on the flag, and may be the newer one.
      if (this.isShared && this.#isKillTold) this.#killedAtMs = undefined;
    });
  }

  newEpoch(): void {
    // A restored backup is a newer decision than what could not be stored before it.
    if (this.machines.some(({ emergency = "[]" }) => emergency !== "[]")) return;
    this.ask("a new epoch", (server) => server.newEpoch());
  }

  #newMachine(name: string, isShared: boolean): Machine {
    const { clockwork, chance, disk, history } = this;
    const newServer = (machine: Machine): SimulatedServer => {
      const wallNow = (): number => WALL_BEGIN_MS + clockwork.nowMs + machine.wallAheadMs;
      const metric = {
        sample: () => this.#measure(machine, wallNow),
        baseline: () => Promise.resolve({ kind: "noData" as const, reason: "no past", raw: "" }),
      };
      const onReceipts = (view: ReceiptsView): void => {
        clockwork.note(`${machine.name} counts ${view.acknowledged} of ${view.expected}: ${view.verdict}`);
        if (view.verdict === "proven") history.proven(clockwork.nowMs, view);
      };
      return new SimulatedServer({ clockwork, chance, disk, wallNow, metric, machine, isShared, onReceipts });
    };
    return new Machine({ name, clockwork, chance, newServer });
  }

  #newClient(name: string): SimulatedClient {
    const { clockwork, chance } = this;
    const lines = new Map(this.machines.map((machine) => [machine, new Line(clockwork, chance)]));
    const client: SimulatedClient = new SimulatedClient({
      name,
      clockwork,
      chance,
      reach: {
        route: () => this.#route(client),
        stale: () => this.#stale(client),
      },
      onMoved: () => {
        clockwork.note(`${name} is at ${client.status?.epoch}:${client.status?.revision}`);
        this.history.judge(client, clockwork.nowMs);
      },
    });
    this.#lines.set(client, lines);
    return client;
  }

  /** As a balancer does it: to the same server as before, unless that one is known to be down. */
  #route(client: SimulatedClient): Route {
    const place = this.#places.get(client);
    if (place?.server.isUp !== true) this.move(client);
    const machine = this.#places.get(client) ?? this.anyMachine();
    const line = this.#lines.get(client)?.get(machine);
    if (line === undefined) throw new Error(`${client.name} has no line to ${machine.name}`);
    return { line, server: () => (machine.server.isUp ? machine.server : undefined) };
  }

  /**
   * A proxy that keeps what it must not keep gives something of a moment ago, or of any time before what the client holds: that has to be told from
   * its revision. What is both newer than that and long over, nobody could tell from the truth.
   */
  #stale(client: SimulatedClient): string | undefined {
    const present = this.#places.get(client)?.server.snapshot;
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
    this.#fooled.add(`${client.name}.${client.life}`);
    return this.chance.pick(kept).body;
  }

  /** The provider takes a while, or never answers within its time, and what it says was true when it was asked. */
  async #measure(machine: Machine, wallNow: () => number): Promise<Measurement> {
    const { server } = machine;
    const truth = this.#truth(wallNow);
    const answer = this.#doubles.measured?.(truth, this.#measured) ?? truth;
    this.#measured = answer;
    const isFresh = truth.kind === "value" && this.health !== "stale";
    await new Promise<void>((resolve) =>
      this.clockwork.after(this.health === "silent" ? 2_000 : this.chance.between(1, INTERVAL_MS / 4), resolve),
    );
    if (!server.isAlive) return new Promise(() => undefined);
    this.history.sampled(machine.name, this.clockwork.nowMs, isFresh ? truth.value : undefined);
    return answer;
  }

  #truth(wallNow: () => number): Measurement {
    const value = (is: number, observedAt = wallNow()): Measurement => ({
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
        return value(0.002, wallNow() - 3_600_000);
    }
  }

  async #written(by: string): Promise<void> {
    const { store } = this.disk.bare;
    const environment = (await store.environments()).find(({ key }) => key === ENVIRONMENT);
    const record = await store.config(ENVIRONMENT, FLAG);
    if (environment === undefined || record === undefined) return;
    const [machine = by] = by.split(".");
    const before = this.history.newest;
    if (!this.history.written(this.clockwork.nowMs, machine, environment, record)) return;
    if (before?.isEnabled === true && !record.config.enabled)
      this.history.tookBack(this.clients.filter((client) => !this.#fooled.has(`${client.name}.${client.life}`)));
    this.#tellOthers(machine);
    const { enabled, fallthrough } = record.config;
    this.clockwork.note(
      `stored: ${environment.epoch}:${environment.revision} ${enabled ? JSON.stringify(fallthrough) : "off"} by ${record.updatedBy}`,
    );
  }

  /** NOTIFY: soon, late, or never. */
  #tellOthers(by: string): void {
    const { chance, clockwork } = this;
    for (const machine of this.machines) {
      if (machine.name === by || !this.isToldOfCommits || chance.oneIn(8)) continue;
      clockwork.after(chance.between(1, chance.oneIn(8) ? 3_000 : 20), () => {
        if (machine.way.weather === "fine") machine.server.hear();
      });
    }
  }

  #judgeAgain(): void {
    for (const client of this.clients) if (client.isRunning) this.history.judge(client, this.clockwork.nowMs);
    this.clockwork.after(JUDGED_EVERY_MS, () => this.#judgeAgain());
  }
}
