import { afterEach, describe, expect, it } from "vitest";
import { ContactClock, History } from "@rampart/core";
import { Emergencies } from "../../packages/server/src/main/emergencies.ts";
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

interface Mutation {
  readonly what: string;
  readonly seen: RegExp;
  readonly doubles?: Doubles;
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
];

describe("the simulation notices", () => {
  let restore = (): void => undefined;
  afterEach(() => restore());

  it.each(MUTATIONS)("$what", { timeout: 120_000 }, async ({ mutate, doubles = {}, seen }) => {
    restore = mutate?.() ?? restore;
    for (let seed = 0; seed < SEEDS_MAX; seed += 1) {
      const outcome = await simulate(seed, { doubles }).catch((error: unknown) => ({ broken: [String(error)] }));
      if (outcome.broken.some((rule) => seen.test(rule))) return;
    }
    throw new Error(`not noticed in ${SEEDS_MAX} seeds`);
  });
});
