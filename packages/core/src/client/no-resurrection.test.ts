import * as fc from "fast-check";
import { expect, it } from "vitest";
import { epochAt } from "../wire/epoch.ts";
import { createClientOnPorts } from "./client.ts";
import { IDENTITY } from "./testing/connected.ts";
import { deltaOf, flagAt, FLAG, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform, settle } from "./testing/platform.ts";
import type { ClientStatus, FlagClient } from "./types.ts";
import type { Emergency, Snapshot } from "../wire/types.ts";

/** One decision of an operator: the flag is on for everybody, or killed. */
interface Decision {
  readonly epoch: number;
  readonly revision: number;
  readonly on: boolean;
  /** It was told while it could not be stored, above a revision at which the flag is on. */
  readonly isEmergency?: true;
}

/** All that was ever decided, in the order in which it became the truth. */
type History = Decision[];

/** The client under test, over the restarts of its process, and the greatest position in the history that it can be held to. */
class World {
  platform = new FakePlatform();
  readonly history: History = [{ epoch: 1, revision: 10, on: true }];
  client: FlagClient;
  reached = -1;

  constructor() {
    this.client = this.#start();
  }

  get latest(): Decision {
    return this.history.at(-1)!;
  }

  /** A decision of the past that a late message, a replica that lags or a proxy's cache can carry, whether the client ever heard of it or not. */
  past(pick: number): Decision {
    return this.history.at(pick % this.history.length)!;
  }

  /** A stream to speak into: the client opens one by itself within its back-off. */
  async say(event: string, data: unknown): Promise<void> {
    await this.platform.advance(0);
    for (let wait = 0; wait < 80 && this.platform.openStreams === 0; wait++) await this.platform.advance(500);
    this.platform.stream.open().send(event, data);
    await settle();
  }

  /**
   * The process is gone, with all that was not on the disk yet; the next one finds no server at first, and what it was delivered with as a
   * bootstrap.
   */
  async crash(bootstrap?: Decision): Promise<void> {
    const old = this.platform;
    this.platform = new FakePlatform();
    this.platform.wallMs = old.wallMs + 1_000;
    this.platform.cache.text = old.cache.text;
    // What the disk holds is all that the next process can be held to.
    this.client = this.#start();
    await this.platform.advance(0);
    this.reached = this.#positionOf(this.client.status());
    await this.client.close();
    this.platform = new FakePlatform();
    this.platform.wallMs = old.wallMs + 1_000;
    this.platform.cache.text = old.cache.text;
    this.client = this.#start(bootstrap && snapshot(bootstrap));
    await this.platform.advance(0);
  }

  check(): void {
    const position = this.#positionOf(this.client.status());
    expect(position, "never goes back to an earlier decision").toBeGreaterThanOrEqual(this.reached);
    this.reached = position;
    const isOn = position >= 0 && this.history.at(position)!.on;
    expect(this.client.evaluate(FLAG, "u", false).value).toBe(isOn);
  }

  #positionOf({ epoch, revision }: Pick<ClientStatus, "epoch" | "revision">): number {
    if (epoch === undefined) return -1;
    const isOn = this.client.isEnabled(FLAG, "u");
    const position = this.history.findIndex(
      (decision) => epochOf(decision) === epoch && decision.revision === revision && decision.on === isOn,
    );
    expect(position, "holds something that was decided").toBeGreaterThanOrEqual(0);
    return position;
  }

  #start(bootstrap?: Snapshot): FlagClient {
    const client = createClientOnPorts(this.platform.ports, { ...IDENTITY, ...(bootstrap && { bootstrap }) });
    void client.init({ timeoutMs: 0 });
    return client;
  }
}

/** The first is of a server that did not date its epochs yet. */
const epochOf = ({ epoch }: Decision): string =>
  epoch === 1 ? "5f1e0c2a99b3d710" : epochAt(epoch, new Uint8Array(4).fill((epoch * 37) % 256));
/** Of an emergency by a server that knows of it. */
const snapshot = (decision: Decision): Snapshot => {
  const { revision, on, isEmergency } = decision;
  const stored = snapshotOf(revision, [flagAt(revision, { killed: !on })], epochOf(decision));
  return isEmergency ? { ...stored, off: [FLAG] } : stored;
};
const emergency = (decision: Decision): Emergency => ({
  epoch: epochOf(decision),
  revision: decision.revision,
  off: [FLAG],
});
const delta = (decision: Decision) => {
  const { revision, on } = decision;
  return deltaOf(revision, flagAt(revision, { killed: !on }), { urgent: !on, epoch: epochOf(decision) });
};

type Command = fc.AsyncCommand<object, World>;

function command(name: string, run: (world: World) => Promise<void>): Command {
  return {
    check: () => true,
    run: async (_model, world) => {
      await run(world);
      world.check();
    },
    toString: () => name,
  };
}

const decide = (on: boolean) =>
  command(
    on ? "restore" : "kill",
    async ({ history, latest }) => void history.push({ epoch: latest.epoch, revision: latest.revision + 1, on }),
  );
const killUnstored = command("kill while nothing can be stored", async ({ history, latest }) => {
  if (latest.on) history.push({ ...latest, on: false, isEmergency: true });
});
const tellEmergency = command("tell the emergency", async (world) => {
  if (world.latest.isEmergency) await world.say("emergency", emergency(world.latest));
});
const lateEmergency = (pick: number) =>
  command(`late emergency ${pick}`, async (world) => {
    const then = world.past(pick);
    if (then.isEmergency) await world.say("emergency", emergency(then));
  });
const tell = command("tell the newest", (world) => world.say("delta", delta(world.latest)));
const tellAll = command("tell all", (world) => world.say("snapshot", snapshot(world.latest)));
const crash = command("crash", (world) => world.crash());
const crashWithBootstrap = (pick: number) =>
  command(`crash, then start with bootstrap ${pick}`, (world) => world.crash(world.past(pick)));
/** A replica of long ago answers a poll with 304: what the client asked for has not changed there. */
const staleTag = command("stale 304", async (world) => {
  const polls = world.platform.exchanges.filter(({ request }) => request.url.endsWith("/flags"));
  await polls.at(-1)?.answer({ status: 304 });
});
const olderReplica = (pick: number) =>
  command(`reconnect to an older replica ${pick}`, async (world) => {
    world.platform.streams.filter(({ isOpen }) => isOpen).forEach((stream) => stream.fail());
    const then = world.past(pick);
    await world.say("snapshot", snapshot(then));
    await world.say("heartbeat", heartbeatOf(snapshot(then)));
  });
const breakStream = command("break the stream", async ({ platform }) =>
  platform.streams.filter(({ isOpen }) => isOpen).forEach((stream) => stream.fail()),
);
const lateSnapshot = (pick: number) =>
  command(`late snapshot ${pick}`, (world) => world.say("snapshot", snapshot(world.past(pick))));
const lateDelta = (pick: number) =>
  command(`late delta ${pick}`, (world) => world.say("delta", delta(world.past(pick))));
const lateHeartbeat = (pick: number) =>
  command(`late heartbeat ${pick}`, (world) => world.say("heartbeat", heartbeatOf(snapshot(world.past(pick)))));
const latePoll = (pick: number) =>
  command(`late poll ${pick}`, async (world) => {
    const polls = world.platform.exchanges.filter(({ request }) => request.url.endsWith("/flags"));
    await polls.at(-1)?.answer({ status: 200, body: JSON.stringify(snapshot(world.past(pick))) });
  });
const pass = (ms: number) => command(`wait ${ms} ms`, ({ platform }) => platform.advance(ms));
const slowDisk = command("slow disk", async ({ platform }) => platform.cache.hold());
const fastDisk = command("fast disk", async ({ platform }) => {
  platform.cache.release();
  await settle();
});
/** A backup of any earlier state is restored: the history goes on from there under a new epoch. */
const restoreBackup = (pick: number) =>
  command(`restore backup ${pick}`, async ({ history, latest }) => {
    const backup = history.at(pick % history.length)!;
    const on = backup.on || backup.isEmergency === true;
    history.push({ epoch: latest.epoch + 1, revision: backup.revision, on });
  });

it("after it applied a kill, a client is never on again but by a newer decision, whatever is delivered, lost, repeated, late, crashed or restored", async () => {
  const pick = fc.nat(30);
  const commands = fc.commands(
    [
      fc.boolean().map(decide),
      fc.constantFrom(tell, tellAll, killUnstored, tellEmergency, crash, breakStream, slowDisk, fastDisk),
      pick.map(lateSnapshot),
      pick.map(lateDelta),
      pick.map(lateHeartbeat),
      pick.map(lateEmergency),
      pick.map(latePoll),
      pick.map(crashWithBootstrap),
      pick.map(olderReplica),
      fc.constant(staleTag),
      pick.map(restoreBackup),
      fc.constantFrom(0, 600, 2_500, 15_000, 40_000).map(pass),
    ],
    { maxCommands: 60, size: "max" },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (commands) =>
      fc.asyncModelRun(() => ({ model: {}, real: new World() }), commands),
    ),
    { numRuns: 200 },
  );
});
