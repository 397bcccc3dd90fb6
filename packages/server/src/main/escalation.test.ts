import type { RolloutView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import type { ChannelSettings } from "../notify/channels-file.ts";
import { startReceiver, type Receiver } from "../notify/testing/receiver.ts";
import { startSmtpSink } from "../notify/testing/smtp-sink.ts";
import { PLAN, startRolloutServer, type RolloutServer } from "../testing/rollout-server.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The server of a plan whose channels are real receivers, on a clock that is moved by hand. */
async function start(names: readonly string[]) {
  const receivers = new Map<string, Receiver>();
  for (const name of names) receivers.set(name, await startReceiver());
  const channels = new Map<string, ChannelSettings>();
  for (const [name, { url }] of receivers)
    channels.set(name, name === "pager" ? { type: "pagerduty", routingKey: "k", url } : { type: "slack", url });
  const server = await startRolloutServer({ config: { channels } });
  /** What each receiver has had, in its order: Slack's headlines, PagerDuty's acts. */
  const told = (name: string): readonly string[] =>
    (receivers.get(name)?.received ?? []).map(({ text }) => {
      const body = JSON.parse(text) as { readonly event_action?: string; readonly text?: string };
      return body.event_action ?? body.text?.split(": ")[0] ?? "change";
    });
  return { server, told, receivers };
}

/** Lets so much time pass, minute by minute, and messages reach their receivers. */
async function pass({ platform }: RolloutServer, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= MINUTE_MS) await platform.advance(Math.min(MINUTE_MS, leftMs));
  await settle(platform);
}

/** Some turns of the loop, for local sockets. */
async function settle(platform: RolloutServer["platform"]): Promise<void> {
  for (let turn = 0; turn < 150; turn += 1) await platform.advance(turn % 50 === 49 ? 1000 : 0);
}

/** A plan that waits for approval at once, so that nothing but the clock moves it. */
const WAITING = PLAN.replace(/ {2}stages:[\s\S]*$/, "").replace("interval: 10s", "interval: 5m");
const STAGES = `
  stages:
    - { name: canary, percentage: 5, duration: 1h, approvals: [ { role: engineering-lead } ] }
`;

describe("an escalation", () => {
  // Nothing is verified, so that only time and people move what comes after the rollback.
  const plan = `${PLAN.replace(/ {2}rollback: .*\n/, "")}
  notify: [ { on: [rollback, acknowledged], to: team } ]
  escalation:
    - { after: 0m, to: pager, severity: [P0] }
    - { after: 15m, to: devops }
    - { after: 30m, to: [everyone, devops] }
`;
  const breach = async (server: RolloutServer): Promise<string> => {
    const id = await server.begin(plan);
    await server.pass(20_000);
    server.metrics.values.set("errors", 0.062);
    await server.until(id, "rolledBack");
    await settle(server.platform);
    return id;
  };

  it("calls one after the other in, at their times, until nobody is left to call", async () => {
    const { server, told } = await start(["pager", "team", "devops", "everyone"]);
    await breach(server);
    expect([told("pager"), told("devops"), told("everyone")]).toEqual([["trigger"], [], []]);
    await pass(server, 13 * MINUTE_MS);
    expect(told("devops")).toEqual([]);
    await pass(server, 3 * MINUTE_MS);
    expect([told("devops"), told("everyone")]).toEqual([["[P0] Escalated"], []]);
    await pass(server, 15 * MINUTE_MS);
    expect([told("devops").length, told("everyone")]).toEqual([2, ["[P0] Escalated"]]);
    const before = told("everyone").length + told("devops").length;
    await pass(server, HOUR_MS);
    expect(told("everyone").length + told("devops").length).toBe(before);
  });

  it("calls nobody further once somebody has acknowledged, and the pager hears it under the same key", async () => {
    const { server, told, receivers } = await start(["pager", "team", "devops", "everyone"]);
    const id = await breach(server);
    await pass(server, 10 * MINUTE_MS);
    expect((await server.command(id, "acknowledge", { reason: "looking" })).status).toBe(200);
    await pass(server, 2 * HOUR_MS);
    expect([told("devops"), told("everyone")]).toEqual([[], []]);
    expect(told("team")).toEqual(["[P0] Rolled back", "Acknowledged"]);
    expect(told("pager").slice(0, 2)).toEqual(["trigger", "acknowledge"]);
    const keys = receivers
      .get("pager")
      ?.received.map(({ text }) => (JSON.parse(text) as { dedup_key: string }).dedup_key);
    expect(new Set(keys)).toEqual(new Set([`rampart:${id}`]));
  });
});

describe("people who are waited for", () => {
  it("are reminded again and again until they have approved", async () => {
    const { server, told } = await start(["team"]);
    const plan = `${WAITING}  remindEvery: 1h\n  notify: [ { on: [awaiting, reminder], to: team } ]${STAGES}`;
    const id = await server.begin(plan);
    await pass(server, MINUTE_MS);
    expect(told("team")).toEqual(["Waiting for people"]);
    await pass(server, 2.5 * HOUR_MS);
    expect(told("team")).toEqual(["Waiting for people", "Still waiting", "Still waiting"]);
    const { planDigest } = (await server.rollout(id)) as RolloutView & { readonly planDigest: string };
    expect((await server.command(id, "approve", { planDigest }, { token: server.lead })).status).toBe(200);
    await pass(server, MINUTE_MS);
    expect(told("team")).toHaveLength(3);
  });
});

describe("moments of a plan", () => {
  it("two hours before the start, at it and half an hour after are told at their times", async () => {
    const { server, told } = await start(["team"]);
    const startAt = new Date(server.platform.clock.now() + 3 * HOUR_MS).toISOString();
    const plan = `${WAITING}  notify:
    - { at: [-2h, +30m], to: team, message: "{{plan}}: {{status}}" }
    - { on: [started], to: team }${STAGES}`;
    const { body } = await server.call<RolloutView>("POST /api/v1/rollouts", { body: { plan, startAt } });
    const { id } = body;
    await pass(server, HOUR_MS - 2 * MINUTE_MS);
    const early = told("team").length;
    await pass(server, 2 * MINUTE_MS);
    expect([early, told("team").length, (await server.rollout(id)).status]).toEqual([0, 1, "scheduled"]);
    await pass(server, 2 * HOUR_MS);
    expect(told("team")).toHaveLength(2);
    await pass(server, 30 * MINUTE_MS);
    expect(told("team")).toHaveLength(3);
  });

  it("are summaries for as long as a stage goes on, and one some time after completion", async () => {
    const { server, told } = await start(["team"]);
    const id = await server.begin(`${WAITING.replace("interval: 5m", "interval: 2m")}
  notify:
    - { every: 20m, to: team }
    - { at: +15m, from: completed, to: team, message: "a while later: {{status}}" }
  stages: [ { name: canary, percentage: 100, duration: 41m, criteria: [] } ]
`);
    await pass(server, 21 * MINUTE_MS);
    expect(told("team")).toEqual(["Summary"]);
    await pass(server, 20 * MINUTE_MS);
    expect(told("team")).toEqual(["Summary", "Summary"]);
    await pass(server, 5 * MINUTE_MS);
    expect((await server.rollout(id)).status).toBe("completed");
    await pass(server, 20 * MINUTE_MS);
    expect(told("team")).toEqual(["Summary", "Summary", "Notice"]);
  });
});

describe("a mail of the escalation", () => {
  it("reaches a real mail server through the same policy as everything else that leaves", async () => {
    const sink = await startSmtpSink();
    const mail = {
      type: "email" as const,
      url: `smtp://127.0.0.1:${sink.port}`,
      from: "a@b.example",
      to: ["c@d.example"],
    };
    const plan = `${PLAN}\n  notify: [ { on: [stage], to: mail } ]\n`;
    for (const egressPrivate of [false, true]) {
      const channels = new Map([["mail", mail]]);
      const egressAllow = egressPrivate ? [] : ["127.0.0.1/32"];
      const server = await startRolloutServer({ config: { channels, egressPrivate, egressAllow } });
      await server.begin(plan);
      await server.pass(20_000);
      await settle(server.platform);
    }
    expect(sink.mails).toHaveLength(2);
    const closed = await startRolloutServer({
      config: { channels: new Map([["mail", mail]]), egressPrivate: false },
    });
    const { text } = await closed.call("POST /api/v1/channels/mail/test");
    expect(text).toContain("RAMPART_EGRESS_ALLOW");
    expect(sink.mails).toHaveLength(2);
  });
});
