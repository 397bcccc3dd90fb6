import { parseAcknowledgement, parseBasis } from "@rampart/core";
import type { FlagConfig, HttpRequest, HttpResponse, ReceiptsView, StreamRequest } from "@rampart/core";
import { leaveToRollout } from "../../packages/server/src/domain/managed.ts";
import type { Refusal } from "../../packages/server/src/domain/problems.ts";
import { kill } from "../../packages/server/src/domain/ramp.ts";
import { refuseToBegin } from "../../packages/server/src/domain/rollout/startable.ts";
import { schedule } from "../../packages/server/src/domain/rollout/step.ts";
import type { Command } from "../../packages/server/src/domain/rollout/event.ts";
import { dueAtOf } from "../../packages/server/src/gates/commit.ts";
import { Runner } from "../../packages/server/src/gates/runner.ts";
import { matchesTag } from "../../packages/server/src/http/etag.ts";
import { unconfirmedReply } from "../../packages/server/src/http/presence.ts";
import { Emergencies } from "../../packages/server/src/main/emergencies.ts";
import type { Platform } from "../../packages/server/src/main/platform.ts";
import { startReceiptsExchange } from "../../packages/server/src/main/receipts-exchange.ts";
import type { MetricProvider } from "../../packages/server/src/ports/metric-provider.ts";
import type { RolloutRow, RolloutStore } from "../../packages/server/src/ports/rollout-store.ts";
import { soleServer, type Leadership } from "../../packages/server/src/ports/leadership.ts";
import { silentLogger } from "../../packages/server/src/ports/logger.ts";
import { silentMeter } from "../../packages/server/src/ports/meter.ts";
import type { ChangeMeta, ConfigRecord, Decision, Store } from "../../packages/server/src/ports/store.ts";
import { silentIntake } from "../../packages/server/src/ports/unit-intake.ts";
import { LeaderLease } from "../../packages/server/src/store/postgres/leader-lease.ts";
import { Feed } from "../../packages/server/src/stream/feed.ts";
import { Hub } from "../../packages/server/src/stream/hub.ts";
import { presenceFor } from "../../packages/server/src/stream/presence.ts";
import type { Chance } from "./chance.ts";
import type { Clockwork } from "./clockwork.ts";
import type { Customer, Disk, Reached, Way } from "./disk.ts";
import type { Machine } from "./machine.ts";
import type { Connection } from "./network.ts";
import { responseOn } from "./response.ts";
import { CONFIG, ENVIRONMENT, FLAG, PLAN, PLAN_TEXT } from "./plan.ts";

/** Looks are rarer here than in production (50 ms): thousands of seeds are worth more than milliseconds. */
const LOOK_EVERY_MS = 200;
const FEED_POLL_MS = 1_000;
const BEAT_MS = 2_000;

export interface ServerParts {
  readonly clockwork: Clockwork;
  readonly chance: Chance;
  readonly disk: Disk;
  readonly metric: MetricProvider;
  /** Epoch milliseconds. */
  readonly wallNow: () => number;
  readonly machine: Machine;
  /** There are others on the same store. */
  readonly isShared: boolean;
  /** Called once with each urgent change, when its verdict does not change any more. */
  readonly onReceipts: (view: ReceiptsView) => void;
}

/** What an operator is told of a kill. `lost`: nobody answered. */
export type KillAnswer = "stored" | "told" | "failed";

/** One process of the server: the real parts, on a clock, a disk and a network that are not. */
export class SimulatedServer implements Customer {
  readonly name: string;
  readonly way: Way;
  isAlive = true;
  isUp = false;
  readonly #parts: ServerParts;
  readonly #reached: Reached;
  readonly #store: Store;
  readonly #rollouts: RolloutStore;
  readonly #leadership: Leadership;
  readonly #connections = new Set<Connection>();
  #frozenUntilMs = 0;
  #feed: Feed | undefined;
  #hub: Hub | undefined;
  #runner: Runner | undefined;
  #emergencies: Emergencies | undefined;

  constructor(parts: ServerParts) {
    const { machine } = parts;
    this.#parts = parts;
    this.name = `${machine.name}.${machine.life}`;
    this.way = machine.way;
    this.#reached = parts.disk.seenBy(this);
    ({ store: this.#store, rollouts: this.#rollouts } = this.#reached);
    this.#leadership = parts.isShared ? this.#lease() : soleServer;
  }

  /** Whether it evaluates the rollouts, as far as it knows. */
  get evaluates(): boolean {
    return (this.#leadership.evaluating()?.fence ?? 0) > 0;
  }

  /** In the order of `startServer`. Rejects when the store can't be read. */
  async start(): Promise<void> {
    const platform = this.#platform();
    const { machine, isShared, metric, onReceipts } = this.#parts;
    const common = { ...platform, logger: silentLogger, meter: silentMeter };
    const feed = await Feed.open(ENVIRONMENT, { ...common, store: this.#store, regex: () => () => false, isShared });
    const feeds = new Map([[ENVIRONMENT, feed]]);
    const hub = new Hub({
      ...common,
      feeds: [feed],
      onReceipts,
      followsAnother: machine.life > 1 && !isShared,
      limits: { streamsMax: 100, admission: { perSecond: 20, burst: 20 } },
    });
    const say = (_: object, what: string): void => this.#parts.clockwork.note(`${machine.name} says: ${what}`);
    const emergencies = new Emergencies({
      ...common,
      logger: { ...silentLogger, warn: say, error: say },
      feeds,
      store: this.#store,
      file: {
        read: () => machine.emergency,
        reserve: () => true,
        write: (text) => {
          machine.emergency = text;
          return true;
        },
      },
      onStored: (environment, flag) => runner.flagTouched([environment], flag),
    });
    const runner = new Runner({
      ...common,
      timers: { ...platform.timers, every: (_, run) => platform.timers.every(LOOK_EVERY_MS, run) },
      store: this.#rollouts,
      config: (environment, flag) => this.#store.config(environment, flag),
      audit: (query) => this.#store.audit(query),
      publish: () => feed.catchUp(),
      providers: { prometheus: metric, http: metric, sdk: metric },
      intake: { ...silentIntake, total: () => undefined },
      leadership: this.#leadership,
      scrub: (text) => text,
      emergency: emergencies,
      parse: () => PLAN,
    });
    emergencies.start();
    await runner.start();
    if (isShared) await this.#join(hub, platform);
    hub.start();
    platform.timers.every(FEED_POLL_MS, () => void feed.catchUp());
    [this.#feed, this.#hub, this.#runner, this.#emergencies] = [feed, hub, runner, emergencies];
    this.isUp = true;
  }

  #lease(): LeaderLease {
    const { machine } = this.#parts;
    const before = machine.life - 1;
    const { timers } = this.#platform();
    const predecessor = before > 0 ? `${machine.name}.${before}` : undefined;
    return new LeaderLease({
      book: this.#reached.leases,
      holder: this.name,
      predecessor,
      timers,
      logger: silentLogger,
    });
  }

  /** Joins the others on the store. */
  async #join(hub: Hub, { timers }: Platform): Promise<void> {
    const { receipts } = this.#reached;
    await receipts.beat();
    timers.every(BEAT_MS, () => void receipts.beat().catch(() => undefined));
    if (this.#leadership instanceof LeaderLease) this.#leadership.start();
    startReceiptsExchange({ book: receipts, hub, timers, logger: silentLogger });
  }

  /** Another server has committed something, and this one is told. */
  hear(): void {
    this.whenAwake(() => void this.#feed?.catchUp());
  }

  /** SIGKILL: nothing of it happens any more. */
  crash(): void {
    this.isAlive = false;
    this.isUp = false;
    for (const connection of this.#connections) connection.sever();
  }

  /** SIGSTOP, or a blocked loop. */
  freeze(durationMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#parts.clockwork.nowMs + durationMs);
  }

  /** Whatever came meanwhile comes when it would have come. */
  thaw(): void {
    this.#frozenUntilMs = 0;
  }

  /** Runs when the loop has time for it, unless the process is gone by then. */
  whenAwake(run: () => void): void {
    if (!this.isAlive) return;
    const waitMs = this.#frozenUntilMs - this.#parts.clockwork.nowMs;
    if (waitMs > 0) this.#parts.clockwork.after(waitMs, () => this.whenAwake(run));
    else run();
  }

  /** `GET /sdk/v1/stream`. */
  stream(
    request: StreamRequest,
    { instanceId, connection }: { readonly instanceId: string; readonly connection: Connection },
  ): void {
    if (this.#hub === undefined) return connection.end();
    this.#connections.add(connection);
    const outgoing = responseOn(connection, this, () => this.#connections.delete(connection));
    const basis = parseBasis(decodeURIComponent(/[?&]basis=([^&]*)/.exec(request.url)?.[1] ?? ""));
    void this.#take(this.#hub, { outgoing, basis, instanceId, connection });
  }

  async #take(
    hub: Hub,
    {
      instanceId,
      connection,
      ...more
    }: Pick<Parameters<Hub["open"]>[0], "outgoing" | "basis"> & {
      readonly instanceId: string;
      readonly connection: Connection;
    },
  ): Promise<void> {
    const identity = { instanceId, sdk: "sim/1", address: "127.0.0.1" };
    const answer = await hub.open({ ...more, environment: ENVIRONMENT, tokenId: "t", identity });
    if (answer.kind === "refused") connection.end(503, answer.retryAfterSeconds * 1_000);
  }

  /** All other calls of an SDK; undefined: it isn't up. */
  async answer({ method, url, headers, body }: HttpRequest, instanceId: string): Promise<HttpResponse | undefined> {
    const [feed, hub] = [this.#feed, this.#hub];
    if (feed === undefined || hub === undefined) return undefined;
    const now = this.#parts.wallNow();
    const clients = hub.clients(ENVIRONMENT);
    if (url.endsWith("/ack")) {
      const parsed = parseAcknowledgement(JSON.parse(body ?? "null"));
      if (parsed.ok) clients?.acknowledged(parsed.value, now);
      return { status: parsed.ok ? 204 : 400, body: "" };
    }
    if (method !== "GET") return { status: 202, body: "" };
    const basis = parseBasis(headers["x-rampart-basis"] ?? "");
    clients?.polled({ instanceId, sdk: "sim/1", address: "127.0.0.1" }, { basis, now });
    const presence = await presenceFor(feed, basis, this.#platform().timers);
    if (presence === "behind") return { status: 503, body: "", retryAfter: "2" };
    if (presence === "unconfirmed") {
      const told = unconfirmedReply(feed, () => feed.snapshot.body.toString());
      return { status: 503, body: String(told.body), retryAfter: "2" };
    }
    const { snapshot } = feed;
    if (matchesTag(headers["if-none-match"], snapshot.etag)) return { status: 304, body: "" };
    return { status: 200, body: snapshot.body.toString() };
  }

  /** As the route does it. */
  async kill(): Promise<KillAnswer> {
    const { emergencies } = this.#running();
    const said = { actor: "operator", action: "flag.killed" };
    const write = this.#change(kill, { ...this.#meta("flag.killed"), urgent: true });
    const told = await emergencies.watch(write, { environment: ENVIRONMENT, flag: FLAG, ...said });
    if (told !== undefined) return told.keptIn === "file" ? "told" : "failed";
    await write;
    return "stored";
  }

  /** On again, at 0 %, so that a rollout can begin. */
  async restore(): Promise<void> {
    const next = { ...CONFIG, enabled: true, fallthrough: { percentage: 0 } };
    await this.#change(
      (record, rollout) => leaveToRollout(record, rollout, { kind: "write", next }),
      this.#meta("flag.restored"),
    );
  }

  async begin(id: string): Promise<void> {
    const { runner } = this.#running();
    const at = this.#parts.wallNow();
    await this.#rollouts.savePlan({
      name: PLAN.name,
      digest: PLAN.digest,
      text: PLAN_TEXT,
      createdAt: at,
      createdBy: "operator",
    });
    const first = schedule(PLAN, { at, startAt: at, by: "operator" });
    const dueAt = dueAtOf(PLAN, first.state);
    const row: RolloutRow = {
      id,
      flag: FLAG,
      environment: ENVIRONMENT,
      planName: PLAN.name,
      planDigest: PLAN.digest,
      state: first.state,
      seq: 0,
      createdAt: at,
      createdBy: "operator",
      ...(dueAt !== undefined && { dueAt }),
    };
    const records = first.effects.flatMap((effect) => (effect.kind === "record" ? [effect.record] : []));
    const made = await this.#rollouts.createRollout(row, records, { actor: "operator", at }, { refuse: refuseToBegin });
    if (made.kind === "created") await runner.adopt(row);
  }

  async command(command: Command): Promise<void> {
    const { runner } = this.#running();
    const [open] = await this.#rollouts.rollouts({ active: true, limit: 1 });
    if (open !== undefined) await runner.command(open.id, { by: "operator", roles: [] }, command);
  }

  async newEpoch(): Promise<void> {
    await this.#store.newEpoch(this.#meta("store.restored"));
  }

  get basis(): string {
    return `${this.#feed?.epoch}:${this.#feed?.revision}`;
  }

  /** What `GET /sdk/v1/flags` gives now; undefined: it isn't up. */
  get snapshot(): { readonly epoch: string; readonly revision: number; readonly body: string } | undefined {
    const feed = this.#feed;
    return feed && { epoch: feed.epoch, revision: feed.revision, body: feed.snapshot.body.toString() };
  }

  #running(): { readonly runner: Runner; readonly emergencies: Emergencies } {
    if (this.#runner === undefined || this.#emergencies === undefined) throw new Error("the server is not up");
    return { runner: this.#runner, emergencies: this.#emergencies };
  }

  async #change(
    decide: (record: ConfigRecord, rollout: () => string | undefined) => Decision<FlagConfig, Refusal>,
    meta: ChangeMeta,
  ): Promise<void> {
    const { runner } = this.#running();
    await this.#store.changeConfig(ENVIRONMENT, FLAG, (record, { rollout }) => decide(record, rollout), meta);
    await this.#feed?.catchUp();
    await runner.flagTouched([ENVIRONMENT], FLAG);
  }

  #meta(action: string): ChangeMeta {
    return { actor: "operator", action, at: this.#parts.wallNow() };
  }

  #platform(): Platform {
    const { clockwork, chance, wallNow } = this.#parts;
    const after = (delayMs: number, run: () => void): (() => void) => {
      let isCancelled = false;
      const cancel = clockwork.after(delayMs, () =>
        this.whenAwake(() => {
          if (!isCancelled) run();
        }),
      );
      return () => {
        isCancelled = true;
        cancel();
      };
    };
    return {
      clock: { now: wallNow, monotonicMs: () => clockwork.nowMs },
      timers: {
        after,
        every(intervalMs, run) {
          let stop = after(intervalMs, function tick() {
            stop = after(intervalMs, tick);
            run();
          });
          return () => stop();
        },
      },
      nextTurn: (run) => void after(0, run),
      random: { next: () => chance.next() },
      randomBytes: (sizeBytes) => chance.bytes(sizeBytes),
    };
  }
}
