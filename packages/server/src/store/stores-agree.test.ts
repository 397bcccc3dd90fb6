import { EPOCH_RANDOM_BYTES, type FlagConfig } from "@rampart/core";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ConfigRecord, Decision, Store } from "../ports/store.ts";
import { FIRST_ENVIRONMENTS } from "./environments.ts";
import { auditOf, violations } from "./invariants.ts";
import { createMemoryStore } from "./memory-store.ts";
import { openPostgresStore } from "./postgres/postgres-store.ts";
import { openDataFolder } from "./sqlite/data-folder.ts";
import { openSqliteStore } from "./sqlite/sqlite-store.ts";
import { AT, booleanFlag, config, everywhere, meta, segment, token } from "./testing/fixtures.ts";
import { manualTimers } from "./testing/manual-timers.ts";
import { type Cluster, realTimers, startCluster } from "./testing/postgres.ts";
import { temporaryFolder } from "./testing/temporary.ts";

/** Asks a store to do one thing, and gives its answer. */
type Command = { readonly name: string; readonly run: (store: Store, at: number) => Promise<unknown> };

const flagKey = fc.constantFrom("a", "b", "c");
const segmentKey = fc.constantFrom("s", "t");
const environment = fc.constantFrom(...FIRST_ENVIRONMENTS, "qa");
const verdict = fc.constantFrom("write", "write", "write", "keep", "refuse");
const id = fc.constantFrom("u1", "u2", "__proto__");

function decided<T>(kind: string, next: () => T): Decision<T, string> {
  if (kind === "keep") return { kind };
  return kind === "refuse" ? { kind, problem: "no" } : { kind: "write", next: next() };
}

/** Sets a field that can be missing; null takes it away. */
function withOptional<T extends object>(current: T, field: keyof T & string, value: unknown): T {
  const others = Object.entries(current).filter(([name]) => name !== field);
  return Object.fromEntries(value === null ? others : [...others, [field, value]]) as T;
}

const command: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({ key: flagKey, reuse: fc.boolean(), percentage: fc.integer({ min: 0, max: 100 }) })
    .map(({ key, reuse, percentage }) => ({
      name: `createFlag ${key} ${reuse}`,
      run: (store: Store, at: number) =>
        store.createFlag(
          booleanFlag(key),
          everywhere(config(key, { fallthrough: { percentage } })),
          meta("flag.created", { at }),
          { reuse },
        ),
    })),
  fc.record({ key: flagKey, kind: verdict, owner: fc.option(fc.string()) }).map(({ key, kind, owner }) => ({
    name: `changeFlag ${key} ${kind} ${owner}`,
    run: (store: Store, at: number) =>
      store.changeFlag(
        key,
        (current) => decided(kind, () => withOptional(current, "owner", owner)),
        meta("flag.updated", { at }),
      ),
  })),
  fc
    .record({ environment, key: flagKey, kind: verdict, id, urgent: fc.boolean(), leaseMs: fc.option(fc.nat()) })
    .map((of) => ({
      name: `changeConfig ${JSON.stringify(of)}`,
      run: (store: Store, at: number) => {
        const next = (current: FlagConfig): FlagConfig => ({
          ...withOptional(current, "leaseMs", of.leaseMs),
          targets: Object.fromEntries([...Object.entries(current.targets), [of.id, "on"]]),
        });
        const decide = (current: ConfigRecord) => decided(of.kind, () => next(current.config));
        return store.changeConfig(
          of.environment,
          of.key,
          decide,
          meta("config.changed", { at, urgent: of.urgent, reason: "why not" }),
        );
      },
    })),
  fc.record({ key: flagKey, refused: fc.boolean() }).map(({ key, refused }) => ({
    name: `deleteFlag ${key} ${refused}`,
    run: (store: Store, at: number) =>
      store.deleteFlag(key, (all) => (refused ? all : undefined), meta("flag.deleted", { at })),
  })),
  fc.record({ key: segmentKey, reuse: fc.boolean() }).map(({ key, reuse }) => ({
    name: `createSegment ${key} ${reuse}`,
    run: (store: Store, at: number) => store.createSegment(segment(key), meta("segment.created", { at }), { reuse }),
  })),
  fc.record({ key: segmentKey, kind: verdict, included: fc.array(id) }).map(({ key, kind, included }) => ({
    name: `changeSegment ${key} ${kind}`,
    run: (store: Store, at: number) =>
      store.changeSegment(
        key,
        (current) => decided(kind, () => ({ ...current, included })),
        meta("segment.updated", { at }),
      ),
  })),
  fc.record({ key: segmentKey, refused: fc.boolean() }).map(({ key, refused }) => ({
    name: `deleteSegment ${key} ${refused}`,
    run: (store: Store, at: number) =>
      store.deleteSegment(key, (all) => (refused ? all.length : undefined), meta("segment.deleted", { at })),
  })),
  fc.constantFrom("t1", "t2").map((one) => ({
    name: `revokeToken ${one}`,
    run: (store: Store, at: number) => store.revokeToken(one, meta("token.revoked", { at })),
  })),
  fc.constantFrom("t1", "t2").map((one) => ({
    name: `createToken ${one}`,
    run: (store: Store, at: number) =>
      store.createToken(token(one), meta("token.created", { at })).then(
        () => "created",
        () => "there already",
      ),
  })),
  fc.constant({ name: "newEpoch", run: (store: Store, at: number) => store.newEpoch(meta("store.restored", { at })) }),
  fc.constant({
    name: "appendAudit",
    run: (store: Store, at: number) => store.appendAudit({ target: "token/x" }, meta("request.denied", { at })),
  }),
);

/** Epochs that are the same in both stores, whatever else they need random bytes for. */
function epochs(): (sizeBytes: number) => Uint8Array {
  let next = 1;
  return (sizeBytes) => new Uint8Array(sizeBytes).fill(sizeBytes === EPOCH_RANDOM_BYTES ? next++ : 0);
}

/** All that can be read. */
async function everything(store: Store): Promise<unknown> {
  const environments = await store.environments();
  const changes = environments.flatMap(({ key, revision }) =>
    Array.from({ length: revision + 2 }, (_, from) => store.changesSince(key, from)),
  );
  return {
    environments,
    content: await Promise.all(environments.map(({ key }) => store.content(key))),
    changes: await Promise.all(changes),
    flags: await store.flags(),
    configs: await store.configs(),
    segments: await store.segments(),
    tokens: await store.tokens(),
    audit: await auditOf(store),
    production: await store.audit({ environment: "production", order: "newest", limit: 5 }),
  };
}

/** Makes an empty store, and takes it away again. */
type Opened = { readonly store: Store; readonly dispose: () => Promise<void> };

/** Any sequence of commands gives the same answers as in memory, and leaves the same behind. */
async function expectAgreement(
  open: () => Promise<Opened>,
  runs: { readonly numRuns: number; readonly maxLength: number },
) {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 1, maxLength: runs.maxLength, size: "max" }), async (commands) => {
      const memory = createMemoryStore({ random: epochs() });
      const { store, dispose } = await open();
      for (const [index, { name, run: ask }] of commands.entries()) {
        expect(await ask(store, AT + index), name).toEqual(await ask(memory, AT + index));
      }
      expect(await everything(store)).toEqual(await everything(memory));
      expect(await violations(store)).toEqual([]);
      await dispose();
    }),
    { numRuns: runs.numRuns },
  );
}

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

it("gives the same answers from memory and from SQLite to any sequence of commands", { timeout: 60_000 }, async () => {
  const path = temporaryFolder();
  let run = 0;
  const open = async (): Promise<Opened> => {
    const folder = openDataFolder(`${path}/${run++}`, process.pid);
    const { store } = openSqliteStore({ folder, random: epochs(), timers: manualTimers(), now: 0 });
    return {
      store,
      async dispose() {
        await store.close();
        folder.release();
      },
    };
  };
  await expectAgreement(open, { numRuns: 40, maxLength: 40 });
});

it("gives the same answers from memory and from PostgreSQL", { timeout: 120_000 }, async () => {
  const open = async (): Promise<Opened> => {
    const url = await cluster.createDatabase();
    const { store } = await openPostgresStore({ url, random: epochs(), timers: realTimers, now: 0 });
    return { store, dispose: () => store.close() };
  };
  await expectAgreement(open, { numRuns: 10, maxLength: 30 });
});
