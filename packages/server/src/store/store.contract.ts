import { isOlderEpoch, type FlagConfig } from "@rampart/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyChain } from "../domain/audit.ts";
import type { ConfigRecord, Decision, Store } from "../ports/store.ts";
import { auditOf, violations } from "./invariants.ts";
import { CHANGE_LOG_REVISIONS_MAX, TOUCH_INTERVAL_MS } from "./limits.ts";
import { AT, booleanFlag, config, everywhere, meta, segment, token } from "./testing/fixtures.ts";

/** Opens a new, empty store. */
export type OpenStore = () => Promise<Store>;

const to =
  (percentage: number) =>
  (current: ConfigRecord): Decision<FlagConfig, never> => ({
    kind: "write",
    next: { ...current.config, fallthrough: { percentage } },
  });
const keep = (): Decision<never, never> => ({ kind: "keep" });
const refuse = (): Decision<never, string> => ({ kind: "refuse", problem: "no" });
const gone = (): undefined => undefined;

/** What every store does, whatever it is made of. Ends each case with the invariants. */
export function describeStore(name: string, open: OpenStore): void {
  describe(name, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      expect(await violations(store)).toEqual([]);
      await store.close();
    });

    const create = (key: string, over: Partial<FlagConfig> = {}) =>
      store.createFlag(booleanFlag(key), everywhere(config(key, over)), meta("flag.created"));
    const ramp = (key: string, percentage: number, over: Parameters<typeof meta>[1] = {}) =>
      store.changeConfig("production", key, to(percentage), meta("flag.ramped", over));
    const revisions = async () => (await store.environments()).map((one) => one.revision);

    describe("environments", () => {
      it("begin as development, staging and production, each at revision 0 of an epoch of its own", async () => {
        const all = await store.environments();
        expect(all.map(({ key, revision }) => ({ key, revision }))).toEqual([
          { key: "development", revision: 0 },
          { key: "staging", revision: 0 },
          { key: "production", revision: 0 },
        ]);
        expect(new Set(all.map((one) => one.epoch)).size).toBe(3);
        for (const one of all) expect(one.epoch).toMatch(/^t[0-9a-f]{20}$/);
      });

      it("get a new epoch and keep their revision when history is not continuous", async () => {
        await create("a");
        const before = await store.environments();
        const after = await store.newEpoch(meta("store.restored"));
        expect(await store.environments()).toEqual(after);
        expect(after.map((one) => one.revision)).toEqual([1, 1, 1]);
        for (const [index, one] of after.entries())
          expect(isOlderEpoch(before.at(index)?.epoch ?? one.epoch, one.epoch)).toBe(true);
        expect((await auditOf(store)).at(-1)).toMatchObject({ action: "store.restored", target: "store" });
      });

      it("have content and changes only when they exist", async () => {
        expect(await store.content("qa")).toBeUndefined();
        expect(await store.changesSince("qa", 0)).toBeUndefined();
        expect(await store.config("qa", "a")).toBeUndefined();
      });

      it("know the version of what they are kept in", async () => {
        const { found, known } = await store.schema();
        expect(found).toBe(known);
        expect(known).toBeGreaterThan(0);
      });
    });

    describe("flags", () => {
      it("are made with a configuration in each environment, as one change of each", async () => {
        const created = await create("checkout", { clientVisible: true });
        const record = { definition: booleanFlag("checkout"), createdAt: AT, updatedAt: AT };
        expect(created).toEqual({ kind: "created", record });
        expect(await store.flag("checkout")).toEqual(record);
        expect(await store.flags()).toEqual([record]);
        expect(await revisions()).toEqual([1, 1, 1]);
        expect(await store.config("staging", "checkout")).toEqual({
          environment: "staging",
          key: "checkout",
          config: config("checkout", { clientVisible: true }),
          revision: 1,
          updatedAt: AT,
          updatedBy: "token:t1",
        });
        const [wire] = (await store.content("production"))?.flags ?? [];
        expect(wire).toMatchObject({
          key: "checkout",
          clientVisible: true,
          revision: 1,
          type: "boolean",
          variants: { on: true, off: false },
        });
      });

      it("are not made twice", async () => {
        const first = await create("a");
        const second = await create("a", { enabled: false });
        expect(second).toEqual({ ...first, kind: "exists" });
        expect(await revisions()).toEqual([1, 1, 1]);
        expect(await auditOf(store)).toHaveLength(1);
      });

      it("are not made without a configuration for an environment, and nothing of them stays", async () => {
        const { production: _, ...others } = everywhere(config("a"));
        await expect(store.createFlag(booleanFlag("a"), others, meta("flag.created"))).rejects.toThrow(
          /"a".*production/,
        );
        expect(await store.flags()).toEqual([]);
        expect(await store.configs()).toEqual([]);
        expect(await revisions()).toEqual([0, 0, 0]);
      });

      it("change in every environment when their definition does", async () => {
        await create("a");
        await ramp("a", 5);
        const changed = await store.changeFlag(
          "a",
          (current) => ({ kind: "write", next: { ...current, owner: "payments" } }),
          meta("flag.updated", { at: AT + 1 }),
        );
        expect(changed).toMatchObject({
          kind: "written",
          before: { definition: { key: "a" }, updatedAt: AT },
          after: { definition: { owner: "payments" }, createdAt: AT, updatedAt: AT + 1 },
        });
        expect(await revisions()).toEqual([2, 2, 3]);
        expect(await store.config("production", "a")).toMatchObject({
          revision: 3,
          config: { fallthrough: { percentage: 5 } },
        });
        expect((await auditOf(store)).at(-1)).toMatchObject({
          target: "flag/a",
          revisions: { development: 2, staging: 2, production: 3 },
          before: {},
          after: { owner: "payments" },
        });
      });

      it("are kept, refused or missing without a trace", async () => {
        await create("a");
        const record = await store.flag("a");
        expect(await store.changeFlag("a", keep, meta("flag.updated"))).toEqual({ kind: "kept", record });
        expect(await store.changeFlag("a", refuse, meta("flag.updated"))).toEqual({ kind: "refused", problem: "no" });
        expect(await store.changeFlag("b", keep, meta("flag.updated"))).toEqual({ kind: "missing" });
        expect(await revisions()).toEqual([1, 1, 1]);
        expect(await auditOf(store)).toHaveLength(1);
      });

      it("never change their key", async () => {
        await create("a");
        const rename = store.changeFlag(
          "a",
          (current) => ({ kind: "write", next: { ...current, key: "b" } }),
          meta("flag.updated"),
        );
        await expect(rename).rejects.toThrow(/keys never change/);
        expect(await store.flag("a")).toBeDefined();
        expect(await revisions()).toEqual([1, 1, 1]);
      });

      it("leave a tombstone that keeps their key back until it is asked for on purpose", async () => {
        await create("a");
        const deleted = await store.deleteFlag("a", gone, meta("flag.deleted", { at: AT + 5 }));
        expect(deleted).toMatchObject({ kind: "written", before: { definition: { key: "a" } } });
        expect(await store.flag("a")).toBeUndefined();
        expect(await store.configs({ key: "a" })).toEqual([]);
        expect(await create("a")).toEqual({ kind: "tombstone", deletedAt: AT + 5 });
        expect(await store.changeFlag("a", keep, meta("flag.updated"))).toEqual({ kind: "missing", deletedAt: AT + 5 });
        expect(await ramp("a", 1)).toEqual({ kind: "missing", deletedAt: AT + 5 });
        expect(await store.deleteFlag("a", gone, meta("flag.deleted"))).toEqual({ kind: "missing", deletedAt: AT + 5 });
        expect(await revisions()).toEqual([2, 2, 2]);

        const again = await store.createFlag(
          booleanFlag("a"),
          everywhere(config("a")),
          meta("flag.created", { at: AT + 9 }),
          { reuse: true },
        );
        expect(again).toMatchObject({ kind: "created", record: { createdAt: AT + 9 } });
        expect(await store.config("production", "a")).toMatchObject({ revision: 3 });
        expect(await store.deleteFlag("a", gone, meta("flag.deleted", { at: AT + 10 }))).toMatchObject({
          kind: "written",
        });
        expect(await create("a")).toEqual({ kind: "tombstone", deletedAt: AT + 10 });
      });

      it("are not deleted while the caller finds them in use", async () => {
        await create("a");
        await create("b", { prerequisites: [{ flag: "a", variants: ["on"] }] });
        const seen: string[] = [];
        const answer = await store.deleteFlag(
          "a",
          (all) => {
            seen.push(...all.map((one) => `${one.environment}/${one.key}`));
            return "in use";
          },
          meta("flag.deleted"),
        );
        expect(answer).toEqual({ kind: "refused", problem: "in use" });
        expect(seen).toEqual([
          "development/a",
          "development/b",
          "staging/a",
          "staging/b",
          "production/a",
          "production/b",
        ]);
        expect(await store.flag("a")).toBeDefined();
        expect(await revisions()).toEqual([2, 2, 2]);
      });
    });

    describe("configurations", () => {
      it("change in their environment only, by the next revision", async () => {
        await create("a");
        const changed = await ramp("a", 12.5, { at: AT + 1, actor: "token:t2", reason: "stage 2" });
        expect(changed).toMatchObject({
          kind: "written",
          before: { revision: 1, config: { fallthrough: { percentage: 0 } } },
          after: {
            revision: 2,
            config: { fallthrough: { percentage: 12.5 } },
            updatedAt: AT + 1,
            updatedBy: "token:t2",
          },
        });
        expect(await store.config("production", "a")).toEqual(changed.kind === "written" ? changed.after : undefined);
        expect(await revisions()).toEqual([1, 1, 2]);
        expect((await auditOf(store)).at(-1)).toMatchObject({
          seq: 2,
          at: "2026-01-05T02:00:00.001Z",
          actor: "token:t2",
          action: "flag.ramped",
          target: "flag/a",
          environment: "production",
          revision: 2,
          reason: "stage 2",
          before: { fallthrough: { percentage: 0 } },
          after: { fallthrough: { percentage: 12.5 } },
        });
      });

      it("are decided on what is there, with what is around it", async () => {
        await create("a");
        await create("b", { enabled: false });
        await store.createSegment(segment("beta"), meta("segment.created"));
        const answer = await store.changeConfig(
          "staging",
          "a",
          (current, around) => ({
            kind: "refuse",
            problem: {
              revision: current.revision,
              type: around.definition.type,
              others: around.others().map((one) => `${one.environment}/${one.key}/${one.config.enabled}`),
              segments: around.segments(),
            },
          }),
          meta("config.changed"),
        );
        expect(answer).toEqual({
          kind: "refused",
          problem: { revision: 1, type: "boolean", others: ["staging/b/false"], segments: ["beta"] },
        });
      });

      it("are kept, refused, missing, or left alone by a decision that fails, without a trace", async () => {
        await create("a");
        const record = await store.config("production", "a");
        expect(await store.changeConfig("production", "a", keep, meta("flag.killed"))).toEqual({
          kind: "kept",
          record,
        });
        expect(await store.changeConfig("production", "a", refuse, meta("flag.ramped"))).toEqual({
          kind: "refused",
          problem: "no",
        });
        expect(await store.changeConfig("production", "b", keep, meta("flag.ramped"))).toEqual({ kind: "missing" });
        expect(await store.changeConfig("qa", "a", keep, meta("flag.ramped"))).toEqual({ kind: "missing" });
        const failing = (): never => {
          throw new Error("a bug");
        };
        await expect(store.changeConfig("production", "a", failing, meta("flag.ramped"))).rejects.toThrow("a bug");
        expect(await store.config("production", "a")).toEqual(record);
        expect(await revisions()).toEqual([1, 1, 1]);
        expect(await auditOf(store)).toHaveLength(1);
      });

      it("keep every change when many come at once", async () => {
        await create("a");
        const add =
          (id: string) =>
          (current: ConfigRecord): Decision<FlagConfig, never> => ({
            kind: "write",
            next: { ...current.config, targets: { ...current.config.targets, [id]: "on" } },
          });
        const ids = Array.from({ length: 50 }, (_, index) => `user-${index}`);
        await Promise.all(ids.map((id) => store.changeConfig("production", "a", add(id), meta("config.changed"))));
        const after = await store.config("production", "a");
        expect(Object.keys(after?.config.targets ?? {}).toSorted()).toEqual(ids.toSorted());
        expect(after?.revision).toBe(51);
      });

      it("are listed by environment and key, all or some", async () => {
        await create("b");
        await create("a");
        const named = async (filter?: Parameters<Store["configs"]>[0]) =>
          (await store.configs(filter)).map((one) => `${one.environment}/${one.key}`);
        expect(await named()).toEqual([
          "development/a",
          "development/b",
          "staging/a",
          "staging/b",
          "production/a",
          "production/b",
        ]);
        expect(await named({ environment: "staging" })).toEqual(["staging/a", "staging/b"]);
        expect(await named({ key: "b" })).toEqual(["development/b", "staging/b", "production/b"]);
        expect(await named({ environment: "production", key: "b" })).toEqual(["production/b"]);
        expect(await named({ key: "c" })).toEqual([]);
      });

      it("hold ids that are special to JavaScript, and a lease that comes and goes", async () => {
        const targets = Object.fromEntries([
          ["__proto__", "on"],
          ["constructor", "off"],
          ["ü😀", "on"],
        ]);
        await create("a", { targets, leaseMs: 25_000 });
        const stored = await store.config("production", "a");
        expect(Object.entries(stored?.config.targets ?? {})).toEqual([
          ["__proto__", "on"],
          ["constructor", "off"],
          ["ü😀", "on"],
        ]);
        expect(stored?.config.leaseMs).toBe(25_000);
        const { leaseMs: _, ...unleased } = config("a", { targets });
        await store.changeConfig("production", "a", () => ({ kind: "write", next: unleased }), meta("config.changed"));
        expect((await store.config("production", "a"))?.config).not.toHaveProperty("leaseMs");
        expect((await auditOf(store)).at(-1)).toMatchObject({ before: { leaseMs: 25_000 }, after: {} });
      });
    });

    describe("segments", () => {
      it("are made, changed and deleted in every environment at once", async () => {
        await create("a");
        await ramp("a", 1);
        const record = { segment: segment("beta", { included: ["u1"] }), createdAt: AT, updatedAt: AT };
        expect(await store.createSegment(record.segment, meta("segment.created"))).toEqual({ kind: "created", record });
        expect(await store.createSegment(segment("beta"), meta("segment.created"))).toEqual({ kind: "exists", record });
        expect(await store.segment("beta")).toEqual(record);
        expect(await revisions()).toEqual([2, 2, 3]);
        expect((await store.content("staging"))?.segments).toEqual([
          { key: "beta", included: ["u1"], excluded: [], rules: [], revision: 2 },
        ]);

        const written = await store.changeSegment(
          "beta",
          (current) => ({ kind: "write", next: { ...current, excluded: ["u2"] } }),
          meta("segment.updated", { at: AT + 1 }),
        );
        expect(written).toMatchObject({
          kind: "written",
          after: { segment: { included: ["u1"], excluded: ["u2"] }, updatedAt: AT + 1 },
        });
        expect((await store.content("production"))?.segments).toMatchObject([{ excluded: ["u2"], revision: 4 }]);

        expect(await store.deleteSegment("beta", gone, meta("segment.deleted", { at: AT + 2 }))).toMatchObject({
          kind: "written",
        });
        expect(await store.segments()).toEqual([]);
        expect((await store.content("production"))?.segments).toEqual([]);
        expect(await revisions()).toEqual([4, 4, 5]);
        expect((await auditOf(store)).slice(-3)).toMatchObject([
          { action: "segment.created", target: "segment/beta", revisions: { production: 3 } },
          { action: "segment.updated", before: { excluded: [] }, after: { excluded: ["u2"] } },
          { action: "segment.deleted", before: { key: "beta" } },
        ]);
      });

      it("are kept, refused or missing without a trace, and their keys are kept back", async () => {
        await store.createSegment(segment("beta"), meta("segment.created"));
        const record = await store.segment("beta");
        expect(await store.changeSegment("beta", keep, meta("segment.updated"))).toEqual({ kind: "kept", record });
        expect(await store.changeSegment("beta", refuse, meta("segment.updated"))).toEqual({
          kind: "refused",
          problem: "no",
        });
        expect(await store.deleteSegment("beta", () => "in use", meta("segment.deleted"))).toEqual({
          kind: "refused",
          problem: "in use",
        });
        expect(await store.changeSegment("alpha", keep, meta("segment.updated"))).toEqual({ kind: "missing" });
        expect(await revisions()).toEqual([1, 1, 1]);
        await store.deleteSegment("beta", gone, meta("segment.deleted", { at: AT + 3 }));
        expect(await store.createSegment(segment("beta"), meta("segment.created"))).toEqual({
          kind: "tombstone",
          deletedAt: AT + 3,
        });
        expect(await store.createSegment(segment("beta"), meta("segment.created"), { reuse: true })).toMatchObject({
          kind: "created",
        });
        expect(await store.segments()).toHaveLength(1);
      });

      it("share no keys with flags", async () => {
        await create("same");
        expect(await store.createSegment(segment("same"), meta("segment.created"))).toMatchObject({ kind: "created" });
        await store.deleteFlag("same", gone, meta("flag.deleted"));
        expect(await store.segment("same")).toBeDefined();
        const changes = await store.changesSince("production", 0);
        expect(changes).toMatchObject({
          flags: [],
          segments: [{ key: "same" }],
          removedFlags: ["same"],
          removedSegments: [],
        });
      });
    });

    describe("changes", () => {
      it("are nothing between a revision and itself", async () => {
        await create("a");
        const { epoch } = (await store.content("production"))!;
        expect(await store.changesSince("production", 1)).toEqual({
          key: "production",
          epoch,
          revision: 1,
          from: 1,
          flags: [],
          segments: [],
          removedFlags: [],
          removedSegments: [],
          urgent: false,
          committedAt: 0,
        });
      });

      it("are put together: each item once, as it is now", async () => {
        await create("a");
        await create("b");
        await ramp("b", 1, { at: AT + 1 });
        await ramp("b", 5, { at: AT + 2 });
        await ramp("a", 25, { at: AT + 3 });
        const changes = await store.changesSince("production", 2);
        expect(changes).toMatchObject({ from: 2, revision: 5, urgent: false, committedAt: AT + 3 });
        expect(changes?.flags.map(({ key, revision, fallthrough }) => ({ key, revision, fallthrough }))).toEqual([
          { key: "a", revision: 5, fallthrough: { percentage: 25 } },
          { key: "b", revision: 4, fallthrough: { percentage: 5 } },
        ]);
      });

      it("are the whole content since the beginning", async () => {
        await create("a");
        await store.createSegment(segment("beta"), meta("segment.created"));
        await ramp("a", 50);
        const content = await store.content("production");
        const changes = await store.changesSince("production", 0);
        expect(changes?.flags).toEqual(content?.flags);
        expect(changes?.segments).toEqual(content?.segments);
      });

      it("name what is gone, unless it came back", async () => {
        await create("a");
        await create("b");
        await store.deleteFlag("a", gone, meta("flag.deleted"));
        await store.deleteFlag("b", gone, meta("flag.deleted"));
        await store.createFlag(booleanFlag("b"), everywhere(config("b")), meta("flag.created"), { reuse: true });
        const changes = await store.changesSince("staging", 2);
        expect(changes).toMatchObject({ removedFlags: ["a"], flags: [{ key: "b", revision: 5 }] });
      });

      it("are urgent when one of them was", async () => {
        await create("a");
        await ramp("a", 50);
        await ramp("a", 0, { urgent: true });
        await ramp("a", 1);
        expect(await store.changesSince("production", 2)).toMatchObject({ urgent: true });
        expect(await store.changesSince("production", 3)).toMatchObject({ urgent: false });
      });

      it("have the time of the newest commit, also when the clock was set back", async () => {
        await create("a");
        await ramp("a", 1, { at: AT + 1000 });
        await ramp("a", 2, { at: AT - 1000 });
        expect(await store.changesSince("production", 0)).toMatchObject({ committedAt: AT - 1000 });
      });

      it("are not known for a revision that is still to come", async () => {
        await create("a");
        expect(await store.changesSince("production", 2)).toBeUndefined();
      });
    });

    describe("tokens", () => {
      it("are found by id's order and by hash, and leave no secret in the audit", async () => {
        const server = token("b2", {
          kind: "server",
          environments: ["production"],
          expiresAt: AT + 1000,
          roles: ["engineering-lead"],
        });
        await store.createToken(server, meta("token.created"));
        await store.createToken(token("a1"), meta("token.created"));
        expect(await store.tokens()).toEqual([server, token("a1")]);
        expect(await store.tokenByHash(server.hash)).toEqual(server);
        expect(await store.tokenByHash("f".repeat(64))).toBeUndefined();
        expect(await store.token("b2")).toEqual(server);
        expect(await store.token("b3")).toBeUndefined();
        const [entry] = await auditOf(store);
        expect(entry).toMatchObject({
          target: "token/b2",
          after: { kind: "server", name: "token b2", environments: ["production"] },
        });
        expect(JSON.stringify(entry)).not.toContain(server.hash);
        expect(await revisions()).toEqual([0, 0, 0]);
      });

      it("are not made twice with one id or one hash", async () => {
        await store.createToken(token("a1"), meta("token.created"));
        await expect(store.createToken(token("a1", { hash: "e".repeat(64) }), meta("token.created"))).rejects.toThrow();
        await expect(
          store.createToken(token("a2", { hash: token("a1").hash }), meta("token.created")),
        ).rejects.toThrow();
        expect(await store.tokens()).toEqual([token("a1")]);
        expect(await auditOf(store)).toHaveLength(1);
      });

      it("are revoked once", async () => {
        await store.createToken(token("a1"), meta("token.created"));
        const revoked = { ...token("a1"), revokedAt: AT + 7 };
        expect(await store.revokeToken("a1", meta("token.revoked", { at: AT + 7 }))).toEqual({
          kind: "written",
          before: token("a1"),
          after: revoked,
        });
        expect(await store.revokeToken("a1", meta("token.revoked", { at: AT + 8 }))).toEqual({
          kind: "kept",
          record: revoked,
        });
        expect(await store.revokeToken("zz", meta("token.revoked"))).toEqual({ kind: "missing" });
        expect(await store.tokenByHash(revoked.hash)).toEqual(revoked);
        expect(await auditOf(store)).toHaveLength(2);
      });

      it("remember their last use to the minute, outside the audit", async () => {
        await store.createToken(token("a1"), meta("token.created"));
        const lastUse = async () => (await store.tokenByHash(token("a1").hash))?.lastUsedAt;
        await store.touchToken("a1", AT + 1);
        expect(await lastUse()).toBe(AT + 1);
        await store.touchToken("a1", AT + TOUCH_INTERVAL_MS);
        expect(await lastUse()).toBe(AT + 1);
        await store.touchToken("a1", AT + 1 + TOUCH_INTERVAL_MS);
        expect(await lastUse()).toBe(AT + 1 + TOUCH_INTERVAL_MS);
        await store.touchToken("zz", AT);
        expect(await auditOf(store)).toHaveLength(1);
      });
    });

    describe("the audit", () => {
      it("is a chain over everything that was done", async () => {
        await create("a");
        await ramp("a", 5);
        await store.createToken(token("a1"), meta("token.created"));
        const entries = await auditOf(store);
        expect(entries.map((entry) => entry.seq)).toEqual([1, 2, 3]);
        expect(entries[0]?.previousHash).toBe("0".repeat(64));
        expect(entries[1]?.previousHash).toBe(entries[0]?.hash);
        expect(verifyChain(entries)).toEqual({ kind: "intact", head: { seq: 3, hash: entries[2]?.hash } });
      });

      it("takes entries without a record of their own", async () => {
        const entry = await store.appendAudit(
          { target: "token/a1", environment: "production", after: { path: "/api/v1/flags" } },
          meta("request.denied"),
        );
        expect(entry).toMatchObject({
          seq: 1,
          action: "request.denied",
          target: "token/a1",
          environment: "production",
          after: { path: "/api/v1/flags" },
        });
        expect(await auditOf(store)).toEqual([entry]);
        expect(await revisions()).toEqual([0, 0, 0]);
      });

      it("takes a reason that is no valid text, so that it can't stop a kill", async () => {
        await create("a");
        expect(await ramp("a", 0.5, { reason: "broken \ud800 emoji" })).toMatchObject({ kind: "written" });
        expect((await auditOf(store)).at(-1)?.reason).toBe("broken \ufffd emoji");
      });

      it("is searched by environment, target, action and actor, and read in pages in both directions", async () => {
        await create("a");
        await create("b");
        await ramp("a", 1);
        await store.changeConfig("staging", "a", to(1), meta("flag.ramped", { actor: "token:t2" }));
        await store.createToken(token("a1"), meta("token.created"));
        const seqs = async (query: Omit<Parameters<Store["audit"]>[0], "limit"> & { limit?: number }) =>
          (await store.audit({ limit: 100, ...query })).map((entry) => entry.seq);
        expect(await seqs({})).toEqual([1, 2, 3, 4, 5]);
        expect(await seqs({ environment: "production" })).toEqual([1, 2, 3]);
        expect(await seqs({ environment: "staging" })).toEqual([1, 2, 4]);
        expect(await seqs({ target: "flag/a" })).toEqual([1, 3, 4]);
        expect(await seqs({ action: "flag.ramped" })).toEqual([3, 4]);
        expect(await seqs({ actor: "token:t2" })).toEqual([4]);
        expect(await seqs({ action: "flag.ramped", actor: "token:t1" })).toEqual([3]);
        expect(await seqs({ order: "newest", limit: 2 })).toEqual([5, 4]);
        expect(await seqs({ order: "newest", limit: 2, before: 4 })).toEqual([3, 2]);
        expect(await seqs({ after: 1, limit: 2 })).toEqual([2, 3]);
        expect(await seqs({ after: 2, before: 4 })).toEqual([3]);
        expect(await seqs({ limit: 0 })).toEqual([1]);
      });
    });

    it("makes each revision the last one's successor in every environment, whoever changes what", async () => {
      const seen: number[][] = [await revisions()];
      const acts = [
        () => create("a"),
        () => ramp("a", 5),
        () => store.createSegment(segment("s"), meta("segment.created")),
        () => ramp("a", 5),
        () => store.changeConfig("staging", "a", to(9), meta("flag.ramped")),
        () => store.deleteSegment("s", gone, meta("segment.deleted")),
        () => store.deleteFlag("a", gone, meta("flag.deleted")),
      ];
      for (const act of acts) {
        await act();
        seen.push(await revisions());
      }
      for (const [index, now] of seen.slice(1).entries()) {
        for (const [place, revision] of now.entries())
          expect(revision - (seen[index]?.[place] ?? 0)).toBeLessThanOrEqual(1);
      }
      expect(seen.at(-1)).toEqual([4, 5, 6]);
    });
  });
}

/** Slower than the rest, so on its own: the change log forgets, and says so. */
export function describeChangeLogLimit(name: string, open: OpenStore): void {
  it(
    `${name} keeps the change log of the last ${CHANGE_LOG_REVISIONS_MAX} revisions, and knows no changes from before`,
    { timeout: 60_000 },
    async () => {
      const store = await open();
      await store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
      for (let index = 0; index < CHANGE_LOG_REVISIONS_MAX; index++) {
        await store.changeConfig("production", "a", to(index % 2), meta("flag.ramped"));
      }
      const revision = CHANGE_LOG_REVISIONS_MAX + 1;
      expect(await store.changesSince("production", 0)).toBeUndefined();
      expect(await store.changesSince("production", 1)).toMatchObject({
        from: 1,
        revision,
        flags: [{ key: "a", revision }],
      });
      expect(await store.changesSince("staging", 0)).toMatchObject({ from: 0, revision: 1 });
      await store.close();
    },
  );
}
