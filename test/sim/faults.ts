import { CLOCKS_APART_MS } from "../../packages/server/src/main/emergencies.ts";
import type { DiskWeather } from "./disk.ts";
import type { Health, World } from "./world.ts";

const HOUR_MS = 3_600_000;
/** How far clocks of servers on one store may part. */
const APART_MS = [-CLOCKS_APART_MS / 2, 0, CLOCKS_APART_MS / 2];
const UNWELL: readonly Health[] = ["elevated", "bad", "bad", "bad", "noData", "error", "silent", "stale"];
const WEATHERS: readonly DiskWeather[] = ["full", "dead", "hung", "unsure"];
const WAYS: readonly DiskWeather[] = ["dead", "hung", "hung", "deaf", "unsure"];

interface Fault {
  readonly weight: number;
  readonly happen: (world: World) => void;
}

/** Something that lasts: `end` takes it back. */
function lasting(
  world: World,
  { minMs, maxMs }: { readonly minMs: number; readonly maxMs: number },
  end: () => void,
): number {
  const forMs = world.chance.between(minMs, maxMs);
  world.clockwork.after(forMs, end);
  return forMs;
}

const FAULTS: readonly Fault[] = [
  { weight: 4, happen: (world) => world.crash() },
  // Servers on one store keep their clocks together.
  { weight: 2, happen: (world) => (world.isShared ? world.crash() : world.loseTime()) },
  {
    weight: 2,
    happen: (world) => {
      const forMs = world.chance.between(500, 20_000);
      const { name, server } = world.anyMachine();
      world.clockwork.note(`${name} stands still for ${forMs} ms`);
      server.freeze(forMs);
      world.history.stoodStill(name, forMs);
    },
  },
  {
    weight: 4,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      const lines = world.linesOf(client);
      for (const line of lines) line.cut();
      const forMs = lasting(world, { minMs: 500, maxMs: 45_000 }, () => lines.forEach((line) => line.mend()));
      world.clockwork.note(`${client.name} is cut off for ${forMs} ms`);
    },
  },
  {
    weight: 1,
    happen: (world) => {
      const lines = world.clients.flatMap((client) => world.linesOf(client));
      for (const line of lines) line.cut();
      const forMs = lasting(world, { minMs: 500, maxMs: 30_000 }, () => lines.forEach((line) => line.mend()));
      world.clockwork.note(`everybody is cut off for ${forMs} ms`);
    },
  },
  {
    weight: 3,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      world.clockwork.note(`${client.name} is killed`);
      client.crash();
      lasting(world, { minMs: 50, maxMs: 5_000 }, () => {
        if (client.status === undefined) client.start();
      });
    },
  },
  {
    weight: 2,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      client.sleep();
      const forMs = lasting(world, { minMs: 500, maxMs: 30_000 }, () => client.wake());
      world.clockwork.note(`${client.name} sleeps for ${forMs} ms`);
    },
  },
  {
    weight: 1,
    happen: (world) => {
      const machine = world.anyMachine();
      const byMs = world.chance.pick(world.isShared ? APART_MS : [HOUR_MS, -HOUR_MS]);
      world.clockwork.note(`the clock of ${machine.name} is set by ${byMs} ms`);
      machine.wallAheadMs = world.isShared ? byMs : machine.wallAheadMs + byMs;
    },
  },
  {
    weight: 1,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      const byMs = world.chance.pick([HOUR_MS, -HOUR_MS]);
      world.clockwork.note(`${client.name}'s clock is set by ${byMs} ms`);
      client.setClock(byMs);
    },
  },
  {
    weight: 4,
    happen: (world) => {
      const weather = world.chance.pick(WEATHERS);
      world.turnDisk(weather, world.chance.between(300, weather === "hung" ? 3_000 : 10_000));
    },
  },
  {
    weight: 6,
    happen: (world) => {
      const health = world.chance.pick(UNWELL);
      world.health = health;
      const forMs = lasting(world, { minMs: 1_000, maxMs: 12_000 }, () => {
        world.health = "good";
      });
      world.clockwork.note(`the metric is ${health} for ${forMs} ms`);
    },
  },
  {
    weight: 4,
    happen: (world) => {
      const { name } = world.chance.pick(world.clients);
      world.staleFor.add(name);
      lasting(world, { minMs: 2_000, maxMs: 20_000 }, () => world.staleFor.delete(name));
      world.clockwork.note(`a proxy answers ${name} from its cache`);
    },
  },
  {
    weight: 1,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      client.isCacheBroken = true;
      lasting(world, { minMs: 2_000, maxMs: 20_000 }, () => {
        client.isCacheBroken = false;
      });
    },
  },
  { weight: 3, happen: (world) => world.kill() },
  {
    weight: 4,
    happen: (world) => {
      world.restore();
      world.clockwork.after(world.chance.between(100, 2_000), () => world.startRollout());
    },
  },
  {
    weight: 1,
    happen: (world) => {
      const { chance, clockwork } = world;
      world.turnDisk("dead", chance.between(6_000, 10_000));
      const killedMs = chance.between(100, 1_500);
      const machine = world.anyMachine();
      clockwork.after(killedMs, () => world.kill(machine));
      clockwork.after(killedMs + chance.between(1_200, 4_000), () => world.crash(machine));
    },
  },
  { weight: 3, happen: (world) => world.ask("rollback", (server) => server.command({ kind: "rollback" })) },
  { weight: 1, happen: (world) => world.ask("pause", (server) => server.command({ kind: "pause" })) },
  { weight: 2, happen: (world) => world.ask("resume", (server) => server.command({ kind: "resume" })) },
  { weight: 2, happen: (world) => world.promote() },
  { weight: 0.3, happen: (world) => world.newEpoch() },
];

/** What there is between several servers. */
const SHARED_FAULTS: readonly Fault[] = [
  {
    weight: 8,
    happen: (world) => {
      const { way, name } = world.anyMachine();
      const weather = world.chance.pick(WAYS);
      world.disk.turnWay(way, weather);
      const forMs = lasting(world, { minMs: 500, maxMs: 30_000 }, () => world.disk.turnWay(way, "fine"));
      world.clockwork.note(`the way of ${name} to the store is ${weather} for ${forMs} ms`);
    },
  },
  {
    weight: 4,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      const line = world.chance.pick(world.linesOf(client));
      const directions = world.chance.pick([["up"], ["down"], ["up", "down"]] as const);
      line.cut(directions);
      const forMs = lasting(world, { minMs: 500, maxMs: 45_000 }, () => line.mend());
      world.clockwork.note(`one of the lines of ${client.name} is cut ${directions.join(" and ")} for ${forMs} ms`);
    },
  },
  {
    // Clients of a server that can't know stay with it for as long as their leases let them, and longer.
    weight: 2,
    happen: (world) => {
      const { chance, clockwork, disk } = world;
      const machine = world.anyMachine();
      disk.turnWay(machine.way, chance.pick(WAYS));
      const forMs = lasting(world, { minMs: 35_000, maxMs: 55_000 }, () => disk.turnWay(machine.way, "fine"));
      clockwork.note(`${machine.name} is cut off from the store for ${forMs} ms, and the flag is killed elsewhere`);
      const other = chance.pick(world.machines.filter((one) => one !== machine));
      clockwork.after(chance.between(500, 4_000), () => world.kill(other));
    },
  },
  {
    // What is decided at another server while one is cut off, and a kill that this one can't store and may take for older.
    weight: 2,
    happen: (world) => {
      const { chance, clockwork, disk } = world;
      const machine = world.anyMachine();
      disk.turnWay(machine.way, chance.pick(["dead", "hung"]));
      lasting(world, { minMs: 10_000, maxMs: 25_000 }, () => disk.turnWay(machine.way, "fine"));
      const restoredMs = chance.between(500, 2_000);
      clockwork.after(restoredMs, () => world.restore());
      clockwork.after(restoredMs + chance.between(500, 8_000), () => world.kill(machine));
    },
  },
  {
    weight: 3,
    happen: (world) => {
      world.isToldOfCommits = false;
      const forMs = lasting(world, { minMs: 2_000, maxMs: 30_000 }, () => {
        world.isToldOfCommits = true;
      });
      world.clockwork.note(`no server hears of commits for ${forMs} ms`);
    },
  },
  {
    weight: 3,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      world.move(client);
      world.clockwork.note(`a balancer sends ${client.name} elsewhere with its next connection`);
    },
  },
];

const ALL_FAULTS: readonly Fault[] = [...FAULTS, ...SHARED_FAULTS];

/** One fault, now; the next one follows by itself, in troubled times sooner, until `endMs`. */
export function trouble(world: World, endMs: number): void {
  const { chance, clockwork } = world;
  const faults = world.isShared ? ALL_FAULTS : FAULTS;
  let rest = chance.next() * faults.reduce((sum, { weight }) => sum + weight, 0);
  faults.find(({ weight }) => (rest -= weight) < 0)?.happen(world);
  const nextMs = chance.oneIn(3) ? chance.between(10, 500) : chance.between(500, 6_000);
  if (clockwork.nowMs + nextMs < endMs) clockwork.after(nextMs, () => trouble(world, endMs));
}
