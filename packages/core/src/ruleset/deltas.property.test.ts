import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { Delta, Snapshot, WireFlag, WireSegment } from "../wire/types.ts";
import { digestOf } from "./digest.ts";
import { Ruleset } from "./ruleset.ts";
import { aDelta, aFlag, aSegment, aSnapshot } from "./testing/frames.ts";

/** One commit: what it sets and what it removes, of a few keys, so that they meet again. */
const key = fc.constantFrom("a", "b", "c", "d");
const commit = fc.record({
  flags: fc.uniqueArray(fc.tuple(key, fc.integer({ min: 0, max: 100_000 })), {
    maxLength: 3,
    selector: ([name]) => name,
  }),
  segments: fc.uniqueArray(key, { maxLength: 2 }),
  removedFlags: fc.uniqueArray(key, { maxLength: 1 }),
  removedSegments: fc.uniqueArray(key, { maxLength: 1 }),
});
const commits = fc.array(commit, { minLength: 1, maxLength: 12 });

interface History {
  readonly deltas: readonly Delta[];
  /** The state after each delta, by plain maps: `states[n]` is at revision `n + 1`. */
  readonly states: readonly Snapshot[];
}

/** Plays commits against plain maps: the straight state that rulesets are compared with. */
function play(all: readonly (typeof commits extends fc.Arbitrary<readonly (infer C)[]> ? C : never)[]): History {
  const flags = new Map<string, WireFlag>();
  const segments = new Map<string, WireSegment>();
  const state = (revision: number) =>
    aSnapshot({ revision, flags: [...flags.values()], segments: [...segments.values()] });
  const states = [state(1)];
  const deltas = all.map((commit, index) => {
    const revision = index + 2;
    const setFlags = commit.flags.map(([name, thousandths]) =>
      aFlag(name, { fallthrough: { percentage: thousandths / 1000 }, revision }),
    );
    const setSegments = commit.segments.map((name) => aSegment(name, { included: [`user-${revision}`], revision }));
    const removedFlags = commit.removedFlags.filter((name) => !setFlags.some((flag) => flag.key === name));
    const removedSegments = commit.removedSegments.filter((name) => !commit.segments.includes(name));
    for (const flag of setFlags) flags.set(flag.key, flag);
    for (const segment of setSegments) segments.set(segment.key, segment);
    for (const name of removedFlags) flags.delete(name);
    for (const name of removedSegments) segments.delete(name);
    const next = state(revision);
    states.push(next);
    return aDelta({
      from: revision - 1,
      revision,
      digest: next.digest,
      flags: setFlags,
      segments: setSegments,
      removedFlags,
      removedSegments,
    });
  });
  return { deltas, states };
}

const sorted = (snapshot: Snapshot) => ({
  ...snapshot,
  flags: snapshot.flags.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
  segments: snapshot.segments.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
});

/** The ruleset is whole at its revision: nothing torn, nothing ahead, nothing left behind. */
function expectStraight(ruleset: Ruleset, { states }: History): void {
  const straight = states[ruleset.revision - 1];
  expect(sorted(ruleset.snapshot())).toEqual(straight && sorted(straight));
  expect(ruleset.digest).toBe(straight?.digest);
}

function rulesetAt(snapshot: Snapshot | undefined): Ruleset {
  const ruleset = new Ruleset();
  if (snapshot !== undefined) ruleset.replace(snapshot);
  return ruleset;
}

it("deltas in order lead to the straight state at every step", () => {
  fc.assert(
    fc.property(commits, (all) => {
      const history = play(all);
      const ruleset = rulesetAt(history.states[0]);
      for (const delta of history.deltas) {
        expect(ruleset.apply(delta).kind).toBe("applied");
        expectStraight(ruleset, history);
      }
    }),
    { numRuns: 100 },
  );
});

it("deltas lost, repeated and out of order either lead to a straight state or say that there is a gap", () => {
  const arrivals = fc.array(fc.nat({ max: 11 }), { maxLength: 40 });
  fc.assert(
    fc.property(commits, arrivals, (all, order) => {
      const history = play(all);
      const ruleset = rulesetAt(history.states[0]);
      for (const place of order) {
        const delta = history.deltas[place % history.deltas.length];
        if (delta === undefined) continue;
        const before = ruleset.revision;
        const { kind } = ruleset.apply(delta);
        expect(kind).toBe(delta.from === before ? "applied" : delta.revision <= before ? "old" : "gap");
        expect(ruleset.revision).toBe(kind === "applied" ? delta.revision : before);
        expectStraight(ruleset, history);
      }
    }),
    { numRuns: 200 },
  );
});

it("a snapshot in the place of lost deltas leads to the straight state, and names what changed", () => {
  fc.assert(
    fc.property(commits, fc.nat(), fc.nat(), (all, from, to) => {
      const history = play(all);
      const [start, end] = [history.states[from % history.states.length], history.states[to % history.states.length]];
      if (start === undefined || end === undefined) return;
      const ruleset = rulesetAt(start);
      const changed = ruleset.replace(end);
      expectStraight(ruleset, history);
      const revisions = (snapshot: Snapshot) => new Map(snapshot.flags.map((flag) => [flag.key, flag.revision]));
      const [before, after] = [revisions(start), revisions(end)];
      const differing = [...new Set([...before.keys(), ...after.keys()])].filter(
        (name) => before.get(name) !== after.get(name),
      );
      expect([...changed].sort()).toEqual(differing.sort());
    }),
    { numRuns: 200 },
  );
});

it("a digest doesn't depend on order, and tells a lost, a stale and a renamed item", () => {
  const items = fc.uniqueArray(fc.record({ key: fc.stringMatching(/^[a-z]{1,5}$/), revision: fc.nat() }), {
    minLength: 1,
    selector: (item) => item.key,
  });
  fc.assert(
    fc.property(items, items, (flags, segments) => {
      const digest = digestOf(flags, segments);
      expect(digest).toMatch(/^[0-9a-f]{8}$/);
      expect(digestOf(flags.toReversed(), segments.toReversed())).toBe(digest);
      const [first, ...rest] = flags;
      if (first === undefined) return;
      expect(digestOf(rest, segments)).not.toBe(digest);
      expect(digestOf([{ ...first, revision: first.revision + 1 }, ...rest], segments)).not.toBe(digest);
      expect(digestOf([{ ...first, key: `${first.key}x` }, ...rest], segments)).not.toBe(digest);
    }),
  );
});
