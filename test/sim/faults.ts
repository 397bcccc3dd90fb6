import type { DiskWeather } from "./disk.ts";
import type { Health, World } from "./world.ts";

const HOUR_MS = 3_600_000;
const UNWELL: readonly Health[] = ["elevated", "bad", "bad", "bad", "noData", "error", "silent", "stale"];
const WEATHERS: readonly DiskWeather[] = ["full", "dead", "hung", "unsure"];

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
  { weight: 2, happen: (world) => world.loseTime() },
  {
    weight: 2,
    happen: (world) => {
      const forMs = world.chance.between(500, 20_000);
      world.clockwork.note(`the server stands still for ${forMs} ms`);
      world.server.freeze(forMs);
      world.history.stoodStill(forMs);
    },
  },
  {
    weight: 4,
    happen: (world) => {
      const client = world.chance.pick(world.clients);
      client.line.cut();
      const forMs = lasting(world, { minMs: 500, maxMs: 45_000 }, () => client.line.mend());
      world.clockwork.note(`${client.name} is cut off for ${forMs} ms`);
    },
  },
  {
    weight: 1,
    happen: (world) => {
      for (const { line } of world.clients) line.cut();
      const forMs = lasting(world, { minMs: 500, maxMs: 30_000 }, () => {
        for (const { line } of world.clients) line.mend();
      });
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
      const byMs = world.chance.pick([HOUR_MS, -HOUR_MS]);
      world.clockwork.note(`the server's clock is set by ${byMs} ms`);
      world.wallAheadMs += byMs;
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
      clockwork.after(killedMs, () => world.kill());
      clockwork.after(killedMs + chance.between(1_200, 4_000), () => world.crash());
    },
  },
  { weight: 3, happen: (world) => world.ask("rollback", (server) => server.command({ kind: "rollback" })) },
  { weight: 1, happen: (world) => world.ask("pause", (server) => server.command({ kind: "pause" })) },
  { weight: 2, happen: (world) => world.ask("resume", (server) => server.command({ kind: "resume" })) },
  { weight: 2, happen: (world) => world.promote() },
  { weight: 0.3, happen: (world) => world.newEpoch() },
];

const WEIGHTS = FAULTS.reduce((sum, { weight }) => sum + weight, 0);

/** One fault, now; the next one follows by itself, in troubled times sooner, until `endMs`. */
export function trouble(world: World, endMs: number): void {
  const { chance, clockwork } = world;
  let rest = chance.next() * WEIGHTS;
  FAULTS.find(({ weight }) => (rest -= weight) < 0)?.happen(world);
  const nextMs = chance.oneIn(3) ? chance.between(10, 500) : chance.between(500, 6_000);
  if (clockwork.nowMs + nextMs < endMs) clockwork.after(nextMs, () => trouble(world, endMs));
}
