import { afterEach, describe, expect, it } from "vitest";
import { ContactClock, History } from "@rampart/core";
import { Emergencies } from "../../packages/server/src/main/emergencies.ts";
import { Feed } from "../../packages/server/src/stream/feed.ts";
import { LeaseTable, ReceiptsTable, type SharedBook } from "./shared.ts";
import { ONE_SEED, playOne } from "./seeds.ts";
import { simulate } from "./simulate.ts";
import type { Doubles } from "./world.ts";

/** A mutation that is not noticed within so many seeds is not noticed. */
const SEEDS_MAX = 300;

describe("a seed", () => {
  it("plays bit for bit the same again, and another one plays otherwise", async () => {
    const [first, again, other] = [await simulate(7), await simulate(7), await simulate(8)];
    expect(again).toEqual(first);
    expect(other.hash).not.toBe(first.hash);
  });

  it("that was asked for, or else the first, breaks no invariant", () => playOne(ONE_SEED));
});

/** Puts something else in the place of a method; the answer puts it back. */
function replaced<T extends object, K extends keyof T>(of: T, method: K, by: T[K]): () => void {
  const real = of[method];
  of[method] = by;
  return () => {
    of[method] = real;
  };
}

/** As `replaced`, of what is read and not called. */
function replacedGetter<T extends object, K extends keyof T & string>(of: T, name: K, by: () => T[K]): () => void {
  const real = Object.getOwnPropertyDescriptor(of, name);
  if (real === undefined) throw new Error(`there is no ${name} to be replaced`);
  Object.defineProperty(of, name, { ...real, get: by });
  return () => void Object.defineProperty(of, name, real);
}

const booksOf = ReceiptsTable.prototype.of;

function withoutPeers(this: ReceiptsTable, self: string): SharedBook {
  return { ...booksOf.call(this, self), peers: () => Promise.resolve([]) };
}

interface Mutation {
  readonly what: string;
  readonly seen: RegExp;
  readonly doubles?: Doubles;
  /** Where one would not do. */
  readonly servers?: number;
  readonly mutate?: () => () => void;
}

const MUTATIONS: readonly Mutation[] = [
  {
    what: "a client that ignores its leases",
    seen: /ms after .* took it back/,
    mutate: () => replaced(ContactClock.prototype, "silenceMs", () => 0),
  },
  {
    what: "a client that takes whatever comes, older or not",
    seen: /went back from/,
    servers: 1,
    mutate: () => replaced(History.prototype, "behind", () => undefined),
  },
  {
    what: "a server that forgets, when it is killed, what it told and could not store",
    seen: /the kill of .* is lost/,
    mutate: () => replaced(Emergencies.prototype, "start", () => undefined),
  },
  {
    what: "a disk that acknowledges changes of flags by people and does not write them",
    seen: /the kill of .* is lost/,
    doubles: { forgets: (write) => write === "changeConfig" },
  },
  {
    what: "a provider that gives its last good answer when it has none",
    seen: /though the newest answer was undefined/,
    doubles: {
      measured: (truth, before) =>
        truth.kind !== "value" && before?.kind === "value"
          ? { ...before, observedAt: before.observedAt + 1_000 }
          : truth,
    },
  },
  {
    what: "a server that renews leases while it is cut off from the store",
    seen: /ms after .* took it back/,
    servers: 2,
    mutate: () => replacedGetter(Feed.prototype, "isConfirmed", () => true),
  },
  {
    what: "a store that takes the steps of an evaluator whose lease is over",
    seen: /a step of evaluator \d+ was stored, though there was \d+/,
    servers: 2,
    doubles: { isUnfenced: true },
  },
  {
    what: "an evaluator that holds on to its lease",
    seen: /the rollouts are evaluated by/,
    servers: 2,
    mutate: () => replaced(LeaseTable.prototype, "renew", () => Promise.resolve(true)),
  },
  {
    what: "a server that does not ask whether others have clients",
    seen: /is proven, and .* has it on/,
    servers: 2,
    mutate: () => replaced(ReceiptsTable.prototype, "of", withoutPeers),
  },
  {
    what: "a cut-off server that takes what it never saw for newer than its kill",
    seen: /the kill of .* is lost/,
    servers: 2,
    mutate: () => replacedGetter(Feed.prototype, "isShared", () => false),
  },
];

describe("the simulation notices", () => {
  let restore = (): void => undefined;
  afterEach(() => restore());

  it.each(MUTATIONS)("$what", { timeout: 120_000 }, async ({ mutate, doubles = {}, servers, seen }) => {
    restore = mutate?.() ?? restore;
    for (let seed = 0; seed < SEEDS_MAX; seed += 1) {
      const outcome = await simulate(seed, { doubles, ...(servers && { servers }) }).catch((error: unknown) => ({
        broken: [String(error)],
      }));
      if (outcome.broken.some((rule) => seen.test(rule))) return;
    }
    throw new Error(`not noticed in ${SEEDS_MAX} seeds`);
  });
});
