import type { FlagConfig } from "@rampart/core";
import { defaultConfig, defaultVariants } from "@rampart/core";
import { beforeEach, describe, expect, it } from "vitest";
import { verifyChain } from "../domain/audit.ts";
import type { Message } from "../domain/notify/message.ts";
import type { Notify, RolloutRecord } from "../domain/rollout/effect.ts";
import type { RolloutState } from "../domain/rollout/state.ts";
import type { OutboxMessage, RolloutCommit, RolloutRow, RolloutStore } from "../ports/rollout-store.ts";
import type { ConfigRecord, Store } from "../ports/store.ts";

const FLAG = "checkout";
const STATE: RolloutState = {
  planDigest: "d1",
  now: 1000,
  createdAt: 1000,
  startAt: 1000,
  phase: { kind: "scheduled" },
  percentage: 0,
  observations: {},
  streaks: {},
  missing: {},
  alerts: {},
  approvals: [],
  ticks: [],
  baselines: { values: {}, slices: {} },
  told: { momentsUntil: 0, overdue: [], reviews: [] },
};
const RECORD: RolloutRecord = { at: 1000, event: "scheduled", state: "scheduled", stage: null, percentage: 0 };
const NOTIFY: Notify = { kind: "notify", event: "started", subject: "started" };
const MESSAGE: Message = { title: "Started", text: "Started.", facts: [{ name: "Stage", value: "canary" }] };

const messageTo = (channel: string, more: Partial<OutboxMessage> = {}): OutboxMessage => ({
  key: "k",
  rolloutId: "r1",
  notify: NOTIFY,
  channel,
  onlyIncident: false,
  message: MESSAGE,
  createdAt: 1000,
  ...more,
});

const row = (id: string, more: Partial<RolloutRow> = {}): RolloutRow => ({
  id,
  flag: FLAG,
  environment: "production",
  planName: "p",
  planDigest: "d1",
  state: STATE,
  seq: 0,
  createdAt: 1000,
  createdBy: "token:a",
  dueAt: 1000,
  ...more,
});

const commit = (more: Partial<RolloutCommit> = {}): RolloutCommit => ({
  id: "r1",
  expectedSeq: 0,
  events: [{ kind: "tick", at: 2000 }],
  state: { ...STATE, now: 2000 },
  records: [],
  evidence: [],
  outbox: [],
  actor: "rollout:r1",
  at: 2000,
  ...more,
});

const to = (change: Partial<FlagConfig>, urgent = false): NonNullable<RolloutCommit["flag"]> => ({
  decide: (current: ConfigRecord) => ({ kind: "write", next: { ...current.config, ...change } }),
  action: "flag.ramped",
  reason: "stage canary",
  urgent,
});

/** What every rollout store does. `open` gives a fresh pair over one place. */
export function rolloutStoreContract(
  name: string,
  open: () => Promise<{ readonly store: Store; readonly rollouts: RolloutStore }>,
): void {
  describe(`rollouts in ${name}`, () => {
    let store: Store;
    let rollouts: RolloutStore;

    beforeEach(async () => {
      ({ store, rollouts } = await open());
      const definition = {
        key: FLAG,
        type: "boolean" as const,
        description: "",
        variants: defaultVariants("boolean"),
        tags: [],
      };
      const config = defaultConfig(definition);
      const configs = { development: config, staging: config, production: config };
      await store.createFlag(definition, configs, { actor: "token:a", action: "flag.created", at: 1 });
      await rollouts.savePlan({ name: "p", digest: "d1", text: "one", createdAt: 1, createdBy: "token:a" });
    });

    const create = (id = "r1", more: Partial<RolloutRow> = {}) =>
      rollouts.createRollout(row(id, more), [RECORD], { actor: "token:a", at: 1000 });

    it("stores a plan's revision once, and counts versions within a name", async () => {
      expect(
        await rollouts.savePlan({ name: "p", digest: "d1", text: "formatted otherwise", createdAt: 9, createdBy: "x" }),
      ).toMatchObject({ version: 1, text: "one" });
      expect(
        await rollouts.savePlan({ name: "p", digest: "d2", text: "two", createdAt: 2, createdBy: "x" }),
      ).toMatchObject({ version: 2 });
      expect((await rollouts.plans({ name: "p", limit: 10 })).map((plan) => plan.version)).toEqual([2, 1]);
      expect(await rollouts.plan("d3")).toBeUndefined();
      await rollouts.savePlan({ name: "q", digest: "d4", text: "other", createdAt: 3, createdBy: "x" });
      expect((await rollouts.plans({ newest: true, limit: 10 })).map(({ name, version }) => [name, version])).toEqual([
        ["q", 1],
        ["p", 2],
      ]);
    });

    it("lets one open rollout be on a flag in an environment", async () => {
      expect(await create()).toEqual({ kind: "created" });
      expect(await create("r2")).toEqual({ kind: "busy", id: "r1" });
      expect(await create("r3", { environment: "staging" })).toEqual({ kind: "created" });
      expect(await create("r4", { flag: "nothing" })).toEqual({ kind: "flagMissing" });
    });

    it("begins a rollout together with what is told of it, or not at all", async () => {
      const outbox = [messageTo("log", { key: "r1:0:0" })];
      const meta = { actor: "token:a", at: 1000 };
      const problem = { code: "FLAG_DISABLED" as const, detail: "killed" };
      const refuse = ({ config }: ConfigRecord) => (config.enabled ? problem : undefined);
      expect(await rollouts.createRollout(row("r1"), [RECORD], meta, { outbox, refuse })).toEqual({
        kind: "refused",
        problem,
      });
      expect([await rollouts.rollout("r1"), await rollouts.outbox({ limit: 10 })]).toEqual([undefined, []]);
      expect(await rollouts.createRollout(row("r1"), [RECORD], meta, { outbox, refuse: () => undefined })).toEqual({
        kind: "created",
      });
      expect(await rollouts.outboxDue(1000, 10)).toMatchObject([{ key: "r1:0:0", status: "waiting" }]);
    });

    it("tells who ramps a flag, to whoever changes it", async () => {
      await create();
      const seen: (string | undefined)[] = [];
      const look = async () => {
        await store.changeConfig("production", FLAG, (_, around) => (seen.push(around.rollout()), { kind: "keep" }), {
          actor: "a",
          action: "x",
          at: 1,
        });
      };
      await look();
      await rollouts.commitRollout(commit({ endedAt: 2000 }));
      await look();
      expect(seen).toEqual(["r1", undefined]);
    });

    it("keeps state, log, story, evidence, message and flag of a step together", async () => {
      await create();
      const answers = [{ metric: "errors", askedAt: 1999, kind: "value" as const, value: 0.5, answer: '{"data":[]}' }];
      const evidence = {
        at: 2000,
        what: "exposure" as const,
        stage: "canary",
        planDigest: "d1",
        criteria: [],
        answers,
      };
      const result = await rollouts.commitRollout(
        commit({
          records: [{ ...RECORD, event: "started", at: 2000 }],
          evidence: [evidence],
          outbox: [messageTo("log", { key: "r1:1:0", createdAt: 2000 })],
          flag: to({ fallthrough: { percentage: 5 } }),
          dueAt: 3000,
        }),
      );
      const config = await store.config("production", FLAG);
      expect(result).toEqual({ kind: "committed", seq: 1, flag: { changed: true, revision: config?.revision } });
      expect(config?.config.fallthrough).toEqual({ percentage: 5 });
      expect(await rollouts.rollout("r1")).toMatchObject({ seq: 1, dueAt: 3000, state: { now: 2000 } });
      expect(await rollouts.rolloutEvents("r1", 0, 10)).toEqual([{ seq: 1, event: { kind: "tick", at: 2000 } }]);
      expect(
        (await rollouts.rolloutRecords("r1", 0, 10)).map(({ id, seq, record }) => [id, seq, record.event]),
      ).toEqual([
        [1, 0, "scheduled"],
        [2, 1, "started"],
      ]);
      expect(await rollouts.rolloutEvidence("r1")).toEqual([evidence]);
      expect(await rollouts.outboxDue(2000, 10)).toMatchObject([{ key: "r1:1:0", attempts: 0 }]);
    });

    it("audits every turn of the story and the flag's change, in an unbroken chain", async () => {
      await create();
      await rollouts.commitRollout(
        commit({ records: [{ ...RECORD, event: "started" }], flag: to({ fallthrough: { percentage: 5 } }) }),
      );
      const audit = await store.audit({ limit: 100 });
      expect(audit.map((entry) => entry.action)).toEqual([
        "flag.created",
        "rollout.scheduled",
        "flag.ramped",
        "rollout.started",
      ]);
      expect(verifyChain(audit)).toMatchObject({ kind: "intact" });
    });

    it("writes nothing when somebody else took a step in between", async () => {
      await create();
      await rollouts.commitRollout(commit());
      const before = await rollouts.rollout("r1");
      expect(await rollouts.commitRollout(commit({ flag: to({ enabled: false }) }))).toEqual({ kind: "conflict" });
      expect(await rollouts.rollout("r1")).toEqual(before);
      expect((await store.config("production", FLAG))?.config.enabled).toBe(true);
    });

    it("writes nothing when the flag does not allow the step", async () => {
      await create();
      const problem = { code: "FLAG_DISABLED" as const, detail: "killed" };
      const flag = { ...to({}), decide: () => ({ kind: "refuse" as const, problem }) };
      expect(await rollouts.commitRollout(commit({ flag, outbox: [messageTo("log", { createdAt: 1 })] }))).toEqual({
        kind: "refused",
        problem,
      });
      expect((await rollouts.rollout("r1"))?.seq).toBe(0);
      expect(await rollouts.outbox({ limit: 10 })).toEqual([]);
    });

    it("says that the flag is gone", async () => {
      await create();
      await store.deleteFlag(FLAG, () => undefined, { actor: "a", action: "flag.deleted", at: 5 });
      expect(await rollouts.commitRollout(commit({ flag: to({}) }))).toEqual({ kind: "flagMissing" });
    });

    it("does not take a flag back from another rollout", async () => {
      await create();
      await rollouts.commitRollout(commit({ endedAt: 2000 }));
      await create("r2");
      expect(
        await rollouts.commitRollout(commit({ expectedSeq: 1, flag: to({ enabled: false }, true) })),
      ).toMatchObject({ kind: "refused", problem: { code: "FLAG_MANAGED" } });
    });

    it("lists the newest first, and those that are open or due", async () => {
      await create();
      await rollouts.commitRollout(commit({ endedAt: 2000 }));
      await create("r2", { createdAt: 1500 });
      expect((await rollouts.rollouts({ limit: 10 })).map((one) => one.id)).toEqual(["r2", "r1"]);
      expect((await rollouts.rollouts({ active: true, limit: 10 })).map((one) => one.id)).toEqual(["r2"]);
      expect((await rollouts.rollouts({ due: true, limit: 10 })).map((one) => one.id)).toEqual(["r2"]);
      expect(await rollouts.rollouts({ flag: "other", limit: 10 })).toEqual([]);
    });

    it("keeps a message until it was sent, tries again when told, and gives up when told", async () => {
      await create();
      const outbox = ["a", "b", "c"].map((key) => messageTo(`channel-${key}`, { key, createdAt: 2000 }));
      await rollouts.commitRollout(commit({ outbox }));
      await rollouts.outboxSent("a", 2100);
      await rollouts.outboxFailed("b", { error: "503", dueAt: 9000, dead: false });
      await rollouts.outboxFailed("c", { error: "410", dueAt: 9000, dead: true });
      expect(await rollouts.outboxDue(8999, 10)).toEqual([]);
      expect(await rollouts.outboxDue(9000, 10)).toMatchObject([{ key: "b", attempts: 1, lastError: "503" }]);
      expect(await rollouts.outbox({ status: "dead", limit: 10 })).toMatchObject([{ key: "c" }]);
    });

    it("hands out one message of a rollout and channel at a time, the oldest, and none for channels that are busy", async () => {
      await create();
      const outbox = [
        messageTo("pager", { key: "a" }),
        messageTo("pager", { key: "b", onlyIncident: true }),
        messageTo("chat", { key: "c" }),
      ];
      await rollouts.commitRollout(commit({ outbox }));
      const due = async (now: number, except: readonly string[] = []) =>
        (await rollouts.outboxDue(now, 10, except)).map(({ key }) => key);
      expect(await due(1000)).toEqual(["a", "c"]);
      expect(await due(1000, ["pager", "log"])).toEqual(["c"]);
      await rollouts.outboxFailed("a", { error: "503", dueAt: 9000, dead: false });
      expect(await due(8999)).toEqual(["c"]);
      await rollouts.outboxSent("a", 9000);
      expect(await rollouts.outboxDue(9000, 10, ["chat"])).toMatchObject([
        { key: "b", onlyIncident: true, message: MESSAGE },
      ]);
    });

    it("hands out what opens or ends an incident before what is only told, and lets it wait for nothing but its like", async () => {
      await create();
      const told = (event: Notify["event"]): Notify => ({ ...NOTIFY, event });
      const outbox = [
        messageTo("pager", { key: "stage", notify: told("stage") }),
        messageTo("pager", { key: "rollback", notify: told("rollback") }),
        messageTo("pager", { key: "stage 2", notify: told("stage") }),
        messageTo("pager", { key: "recovered", notify: told("recovered") }),
      ];
      await rollouts.commitRollout(commit({ outbox }));
      const due = async (now: number) => (await rollouts.outboxDue(now, 10)).map(({ key }) => key);
      expect(await due(1000)).toEqual(["rollback", "stage"]);
      await rollouts.outboxFailed("stage", { error: "503", dueAt: 9000, dead: false });
      await rollouts.outboxFailed("rollback", { error: "503", dueAt: 8000, dead: false });
      expect(await due(7999)).toEqual([]);
      expect(await due(8000)).toEqual(["rollback"]);
      await rollouts.outboxSent("rollback", 8000);
      expect(await due(8000)).toEqual(["recovered"]);
      expect(await due(9000)).toEqual(["recovered", "stage"]);
    });

    it("makes what waits for another try due with a new message to the same channel", async () => {
      await create();
      await rollouts.commitRollout(
        commit({ outbox: [messageTo("pager", { key: "a" }), messageTo("chat", { key: "b" })] }),
      );
      for (const key of ["a", "b"]) await rollouts.outboxFailed(key, { error: "503", dueAt: 9000, dead: false });
      await rollouts.commitRollout(
        commit({ expectedSeq: 1, outbox: [messageTo("pager", { key: "c", createdAt: 3000 })] }),
      );
      expect((await rollouts.outboxDue(3000, 10)).map(({ key }) => key)).toEqual(["a"]);
    });

    it("lets messages that were given up begin anew, one or all of a channel, and audits it", async () => {
      await create();
      const outbox = ["a", "b", "c", "d"].map((key) => messageTo(key === "c" ? "chat" : "pager", { key }));
      await rollouts.commitRollout(commit({ outbox }));
      for (const key of ["a", "b", "c"]) await rollouts.outboxFailed(key, { error: "503", dueAt: 9000, dead: true });
      const meta = { actor: "token:a", action: "outbox.resent", at: 5000 };
      expect(await rollouts.outboxResend({ key: "d" }, meta)).toBe(0);
      expect(await rollouts.outboxResend({ key: "a" }, meta)).toBe(1);
      expect(await rollouts.outboxDue(5000, 10)).toMatchObject([
        { key: "a", attempts: 0, dueAt: 5000, status: "waiting", lastError: "503" },
      ]);
      expect(await rollouts.outboxResend({ channel: "pager" }, meta)).toBe(1);
      expect(await rollouts.outboxResend({}, meta)).toBe(1);
      const audit = await store.audit({ limit: 100, action: "outbox.resent" });
      expect(audit.map(({ target, after }) => [target, after])).toEqual([
        ["outbox/a", { count: 1 }],
        ["outbox", { count: 1, channel: "pager" }],
        ["outbox", { count: 1 }],
      ]);
    });

    it("takes away old messages that are done with, so many at a time, and none that waits", async () => {
      await create();
      const outbox = ["a", "b", "c", "d"].map((key) => messageTo(`channel-${key}`, { key, createdAt: 2000 }));
      await rollouts.commitRollout(commit({ outbox: [...outbox, messageTo("chat", { key: "new", createdAt: 6000 })] }));
      for (const key of ["a", "b", "new"]) await rollouts.outboxSent(key, 6000);
      await rollouts.outboxFailed("c", { error: "410", dueAt: 9000, dead: true });
      expect((await rollouts.prune(6000, 2)).messages).toBe(2);
      expect((await rollouts.prune(6000, 2)).messages).toBe(1);
      expect((await rollouts.prune(6000, 2)).messages).toBe(0);
      expect((await rollouts.outbox({ limit: 10 })).map(({ key }) => key).toSorted()).toEqual(["d", "new"]);
    });

    describe("the log of a rollout that ended long ago", () => {
      const samples = (at: number): RolloutCommit["events"][number] => ({
        kind: "samples",
        at,
        sampledAt: at,
        values: {},
      });
      const pause: RolloutCommit["events"][number] = {
        kind: "command",
        at: 2003,
        person: { by: "token:a", roles: [] },
        command: { kind: "pause" },
      };
      const events = [samples(2001), { kind: "tick" as const, at: 2002 }, pause, samples(2004)];
      const seqs = async (id = "r1") => (await rollouts.rolloutEvents(id, 0, 10)).map(({ seq }) => seq);

      it("loses its samplings, keeps what people did, and says where it begins from then on", async () => {
        await create();
        const state = { ...STATE, now: 2004 };
        await rollouts.commitRollout(commit({ events, state, endedAt: 2004, records: [RECORD] }));
        expect(await rollouts.prune(2004, 10)).toEqual({ messages: 0, events: 0 });
        expect(await rollouts.prune(2005, 2)).toEqual({ messages: 0, events: 2 });
        expect(await rollouts.prune(2005, 2)).toEqual({ messages: 0, events: 1 });
        expect(await rollouts.prune(2005, 2)).toEqual({ messages: 0, events: 0 });
        expect(await seqs()).toEqual([3]);
        expect((await rollouts.rollout("r1"))?.logBase).toEqual({ seq: 4, state });
        expect(await rollouts.rolloutRecords("r1", 0, 10)).toHaveLength(2);
      });

      it("goes on from there when the rollout is moved again", async () => {
        await create();
        const state = { ...STATE, now: 2004 };
        await rollouts.commitRollout(commit({ events, state, endedAt: 2004 }));
        await rollouts.prune(9000, 10);
        await rollouts.commitRollout(commit({ expectedSeq: 4, state: { ...STATE, now: 9001 }, dueAt: 9100 }));
        expect(await rollouts.prune(99_000, 10)).toMatchObject({ events: 0 });
        const { logBase, seq } = (await rollouts.rollout("r1")) ?? {};
        expect([logBase, seq, await seqs()]).toEqual([{ seq: 4, state }, 5, [3, 5]]);
      });

      it("stays whole while anything will move the rollout: it is open, or a review is to come", async () => {
        await create();
        await rollouts.commitRollout(commit({ events, dueAt: 2010 }));
        await create("r2", { environment: "staging" });
        await rollouts.commitRollout(commit({ id: "r2", events, endedAt: 2004, dueAt: 99_000 }));
        expect(await rollouts.prune(90_000, 10)).toEqual({ messages: 0, events: 0 });
        expect([await seqs(), await seqs("r2")]).toEqual([
          [1, 2, 3, 4],
          [1, 2, 3, 4],
        ]);
      });
    });

    it("keeps channels, replaces and removes them, and audits no more than their type", async () => {
      const meta = (action: string, at: number) => ({ actor: "token:a", action, at });
      const channel = { name: "eng", type: "slack", sealed: "v1.secret" };
      expect(await rollouts.saveChannel(channel, 1, meta("channel.saved", 1))).toBe("created");
      expect(await rollouts.saveChannel({ ...channel, name: "b" }, 1, meta("channel.saved", 2))).toBe("full");
      const webhook = { ...channel, type: "webhook", sealed: "v1.other" };
      expect(await rollouts.saveChannel(webhook, 1, meta("channel.saved", 3))).toBe("changed");
      const stored = { ...webhook, updatedAt: 3, updatedBy: "token:a" };
      expect(await rollouts.channels()).toEqual([stored]);
      expect(await rollouts.channel("eng")).toEqual(stored);
      expect(await rollouts.removeChannel("eng", meta("channel.removed", 4))).toBe(true);
      expect(await rollouts.removeChannel("eng", meta("channel.removed", 5))).toBe(false);
      expect(await rollouts.channel("eng")).toBeUndefined();
      const audit = await store.audit({ limit: 100, target: "channel/eng" });
      expect(audit.map(({ before, after }) => [before, after])).toEqual([
        [undefined, { type: "slack" }],
        [{ type: "slack" }, { type: "webhook" }],
        [{ type: "webhook" }, undefined],
      ]);
      expect(JSON.stringify(audit)).not.toContain("secret");
    });
  });
}
