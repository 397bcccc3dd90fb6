import { bucketOf, isOlderEpoch, seedOf, WATCHDOG_MS } from "@rampart/core";
import type { ReceiptsView } from "@rampart/core";
import type { ConfigRecord, EnvironmentRecord } from "../../packages/server/src/ports/store.ts";
import { ANSWER_MAX_MS } from "../../packages/server/src/store/postgres/answer-limits.ts";
import { CONFIRMED_MS } from "../../packages/server/src/stream/freshness.ts";
import { FLAG, HEALTHY_MAX, PLAN } from "./plan.ts";
import type { SimulatedClient } from "./client.ts";

/** Users at 0.5 %, 30 %, 70 % and 99 % of the flag's buckets, found once. */
export const USERS = [1, 30, 70, 99].map((percent) => userBelow(percent));

/** What a client may have on is as old as its lease and what was under way when it last heard of the server: the watchdog ends a stream that is older. */
const ON_THE_WAY_MS_MAX = WATCHDOG_MS;
/** Clocks that part by less are not noticed, and a client that sleeps for less does not know. */
const UNNOTICED_MS_MAX = 5_000;
const SLACK_MS = 1_000;

/** A rise needs a pass that was answered within this time; the disk may take some of it. */
const FRESH_MS_MAX = 8_000;

/** One state of the flag, as it became the truth. */
interface Truth {
  readonly atMs: number;
  readonly epoch: string;
  readonly revision: number;
  readonly isEnabled: boolean;
  readonly percentage: number;
  readonly leaseMs: number | undefined;
  readonly by: string;
  /** Told while it could not be stored. */
  readonly isEmergency: boolean;
}

interface Held {
  readonly life: number;
  readonly epoch: string;
  readonly revision: number;
}

/** What a machine's server was answered last, and what it did since. */
interface Watch {
  readonly atMs: number;
  /** Undefined: it was no value. */
  readonly value: number | undefined;
  /** For how long the server stood still since, at most: what it was asked for meanwhile it does when it goes on. */
  stoodStillMs: number;
}

/** Who had it on when it was taken back, and in which of its lives. */
interface TakenBack {
  readonly revision: number;
  readonly epoch: string;
  readonly lives: ReadonlyMap<SimulatedClient, number>;
}

/** Everything that became true, and what is wrong with what clients make of it. */
export class History {
  readonly broken: string[] = [];
  readonly #truths: Truth[] = [];
  readonly #held = new Map<string, Held>();
  readonly #watches = new Map<string, Watch>();
  readonly #takenBack: TakenBack[] = [];
  readonly #isShared: boolean;
  #promotedAtMs = -Infinity;

  /** `isShared`: several servers are on one store. */
  constructor({ isShared }: { readonly isShared: boolean }) {
    this.#isShared = isShared;
  }

  get newest(): Truth | undefined {
    return this.#truths.findLast((truth) => !truth.isEmergency);
  }

  get count(): number {
    return this.#truths.length;
  }

  /** The provider has answered a machine's server. */
  sampled(machine: string, atMs: number, value: number | undefined): void {
    this.#watches.set(machine, { atMs, value, stoodStillMs: 0 });
  }

  /** A server's process is stopped for a while. */
  stoodStill(machine: string, forMs: number): void {
    const watch = this.#watches.get(machine);
    if (watch !== undefined) watch.stoodStillMs += forMs;
  }

  /** A step of an evaluator was stored. */
  stepped(atMs: number, fence: number, newest: number): void {
    if (fence !== newest) this.#breaks(atMs, `a step of evaluator ${fence} was stored, though there was ${newest}`);
  }

  /** Somebody asked for the next stage by hand. */
  promoted(atMs: number): void {
    this.#promotedAtMs = atMs;
  }

  /** Clients were told of a kill that is not stored; those of other servers are not. */
  overruled(atMs: number): void {
    const { newest } = this;
    if (newest !== undefined && !this.#isShared)
      this.#truths.push({ ...newest, atMs, isEnabled: false, by: "operator", isEmergency: true });
  }

  /** A machine's server has written something. True: the flag is another one now. */
  written(atMs: number, machine: string, { epoch, revision }: EnvironmentRecord, record: ConfigRecord): boolean {
    const before = this.newest;
    if (before?.epoch === epoch && before.revision === revision) return false;
    const { enabled, fallthrough, leaseMs } = record.config;
    const percentage = "percentage" in fallthrough ? fallthrough.percentage : 0;
    const by = record.updatedBy;
    const truth = { atMs, epoch, revision, isEnabled: enabled, percentage, leaseMs, by, isEmergency: false };
    if (before?.epoch === epoch && revision !== before.revision + 1)
      this.#breaks(atMs, `revision ${revision} follows ${before.revision}`);
    if (before !== undefined && !before.isEnabled && enabled && by !== "operator")
      this.#breaks(atMs, `${by} turned the flag on again`);
    if (before !== undefined && enabled && percentage > before.percentage) this.#judgeRise(machine, before, truth);
    this.#truths.push(truth);
    return true;
  }

  /** Nothing rises by itself without a pass that is fresh. */
  #judgeRise(machine: string, before: Truth, { atMs, percentage, by }: Truth): void {
    const isFirst = percentage === PLAN.stages[0]?.percentage && before.percentage === 0;
    if (isFirst || atMs - this.#promotedAtMs < 2 * FRESH_MS_MAX) return;
    // What a person asks of any server goes by what was sampled and stored within half a minute, by whatever server.
    if (this.#isShared && by === "operator") return;
    const sample = this.#watches.get(machine);
    const freshMs = this.#isShared ? FRESH_MS_MAX + ANSWER_MAX_MS.write : FRESH_MS_MAX;
    if (sample?.value === undefined || sample.value >= HEALTHY_MAX)
      this.#breaks(atMs, `rose to ${percentage} % though the newest answer was ${sample?.value}`);
    else if (atMs - sample.atMs > freshMs + sample.stoodStillMs)
      this.#breaks(atMs, `rose to ${percentage} % on an answer of ${atMs - sample.atMs} ms ago`);
  }

  /** What a client serves must have been true, must not be older than what it held before, and must not outlive its lease. */
  judge(client: SimulatedClient, atMs: number): void {
    const { status } = client;
    if (status?.epoch === undefined) return;
    const held: Held = { life: client.life, epoch: status.epoch, revision: status.revision };
    const before = this.#held.get(client.name);
    this.#held.set(client.name, held);
    if (before?.life === held.life && isBehind(held, before))
      this.#breaks(atMs, `${client.name} went back from ${textOf(before)} to ${textOf(held)}`);
    const place = this.#truths.findIndex(
      ({ epoch, revision, isEmergency }) => !isEmergency && epoch === held.epoch && revision === held.revision,
    );
    const truth = this.#truths[place];
    if (truth === undefined) return this.#breaks(atMs, `${client.name} holds ${textOf(held)}, which never was`);
    for (const { id, bucket } of USERS) {
      if (!client.isOn(id)) continue;
      if (!isOn(truth, bucket))
        this.#breaks(atMs, `${client.name} has ${id} on at ${textOf(held)}, where nobody said so`);
      const off = this.#truths.slice(place + 1).find((later) => !isOn(later, bucket));
      const unknownMs = this.#isShared ? CONFIRMED_MS : 0;
      const boundMs = (truth.leaseMs ?? Infinity) + unknownMs + ON_THE_WAY_MS_MAX + UNNOTICED_MS_MAX + SLACK_MS;
      if (off !== undefined && atMs - off.atMs > boundMs)
        this.#breaks(
          atMs,
          `${client.name} has ${id} on at ${textOf(held)}, ${atMs - off.atMs} ms after ${textOf(off)} took it back`,
        );
    }
  }

  /** The newest truth took the flag back while these had it on. */
  tookBack(clients: readonly SimulatedClient[]): void {
    const { newest } = this;
    if (newest === undefined) return;
    const { epoch, revision } = newest;
    const on = clients.filter((client) => client.isRunning && USERS.some(({ id }) => client.isOn(id)));
    this.#takenBack.push({ epoch, revision, lives: new Map(on.map((client) => [client, client.life])) });
  }

  /** A server says that everybody has applied a change: who had the flag on then, and still is the same process, has it off. */
  proven(atMs: number, { epoch, revision }: ReceiptsView): void {
    const change = this.#takenBack.findLast((one) => one.epoch === epoch && one.revision <= revision);
    if (change === undefined) return;
    for (const [client, life] of change.lives) {
      const { status } = client;
      const isSame = client.isRunning && client.life === life && status?.epoch === epoch;
      if (isSame && status.revision < change.revision && USERS.some(({ id }) => client.isOn(id)))
        this.#breaks(
          atMs,
          `${epoch}:${revision} is proven, and ${client.name} has it on at revision ${status.revision}`,
        );
    }
  }

  /** After everything was mended: each client has what is stored. */
  judgeEnd(client: SimulatedClient, atMs: number): void {
    const { newest } = this;
    const { status } = client;
    if (newest === undefined || status === undefined) return;
    if (status.epoch !== newest.epoch || status.revision !== newest.revision || status.state !== "ready")
      this.#breaks(
        atMs,
        `${client.name} is ${status.state} at ${status.epoch}:${status.revision}, the store at ${textOf(newest)}`,
      );
    for (const { id, bucket } of USERS)
      if (client.isOn(id) !== isOn(newest, bucket))
        this.#breaks(atMs, `${client.name} has ${id} ${client.isOn(id) ? "on" : "off"} at ${textOf(newest)}`);
  }

  #breaks(atMs: number, rule: string): void {
    this.broken.push(`${atMs} ms: ${rule}`);
  }
}

const isOn = ({ isEnabled, percentage }: Truth, bucket: number): boolean => isEnabled && bucket < percentage * 1_000;

const textOf = ({ epoch, revision }: { readonly epoch: string; readonly revision: number }): string =>
  `${epoch}:${revision}`;

const isBehind = (held: Held, before: Held): boolean =>
  held.epoch === before.epoch ? held.revision < before.revision : isOlderEpoch(held.epoch, before.epoch);

function userBelow(percent: number): { readonly id: string; readonly bucket: number } {
  for (let n = 0; ; n += 1) {
    const id = `user-${n}`;
    const bucket = bucketOf(id, seedOf(FLAG));
    if (bucket < percent * 1_000 && bucket >= (percent - 2) * 1_000) return { id, bucket };
  }
}
