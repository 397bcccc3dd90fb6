import { bucketOf, isOlderEpoch, seedOf, WATCHDOG_MS } from "@rampart/core";
import type { ConfigRecord, EnvironmentRecord } from "../../packages/server/src/ports/store.ts";
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

/** Everything that became true, and what is wrong with what clients make of it. */
export class History {
  readonly broken: string[] = [];
  readonly #truths: Truth[] = [];
  readonly #held = new Map<string, Held>();
  /** The newest answer of the metric: undefined when it was no value. */
  #sample: { readonly atMs: number; readonly value: number | undefined } | undefined;
  #promotedAtMs = -Infinity;
  /** For how long the server stood still since that answer, at most: what it was asked for meanwhile it does when it goes on. */
  #stoodStillMs = 0;

  get newest(): Truth | undefined {
    return this.#truths.findLast((truth) => !truth.isEmergency);
  }

  get count(): number {
    return this.#truths.length;
  }

  /** The provider has answered. */
  sampled(atMs: number, value: number | undefined): void {
    this.#sample = { atMs, value };
    this.#stoodStillMs = 0;
  }

  /** The server's process is stopped for a while. */
  stoodStill(forMs: number): void {
    this.#stoodStillMs += forMs;
  }

  /** Somebody asked for the next stage by hand. */
  promoted(atMs: number): void {
    this.#promotedAtMs = atMs;
  }

  /** Clients were told of a kill that is not stored. */
  overruled(atMs: number): void {
    const { newest } = this;
    if (newest !== undefined)
      this.#truths.push({ ...newest, atMs, isEnabled: false, by: "operator", isEmergency: true });
  }

  /** Something was written. True: the flag is another one now. */
  written(atMs: number, { epoch, revision }: EnvironmentRecord, record: ConfigRecord): boolean {
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
    if (before !== undefined && enabled && percentage > before.percentage) this.#judgeRise(before, truth);
    this.#truths.push(truth);
    return true;
  }

  /** Nothing rises by itself without a pass that is fresh. */
  #judgeRise(before: Truth, { atMs, percentage }: Truth): void {
    const isFirst = percentage === PLAN.stages[0]?.percentage && before.percentage === 0;
    if (isFirst || atMs - this.#promotedAtMs < 2 * FRESH_MS_MAX) return;
    const sample = this.#sample;
    if (sample?.value === undefined || sample.value >= HEALTHY_MAX)
      this.#breaks(atMs, `rose to ${percentage} % though the newest answer was ${sample?.value}`);
    else if (atMs - sample.atMs > FRESH_MS_MAX + this.#stoodStillMs)
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
      const boundMs = (truth.leaseMs ?? Infinity) + ON_THE_WAY_MS_MAX + UNNOTICED_MS_MAX + SLACK_MS;
      if (off !== undefined && atMs - off.atMs > boundMs)
        this.#breaks(
          atMs,
          `${client.name} has ${id} on at ${textOf(held)}, ${atMs - off.atMs} ms after ${textOf(off)} took it back`,
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
