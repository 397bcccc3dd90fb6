import type { AuditEntry, ChannelList, ChannelTest, ChannelView, OutboxView, Page, Resent } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { startReceiver } from "../notify/testing/receiver.ts";
import { INTERVAL_MS, PLAN, startRolloutServer, type RolloutServer } from "../testing/rollout-server.ts";

const TOLD = `${PLAN}
  notify: [ { on: [stage, rollback], to: eng, message: "{{event}}: {{flag}} is at {{percentage}}" } ]
`;

/** Lets sockets and the dispatcher work until something is so. */
async function until(server: RolloutServer, isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (await isSo()) return;
    await server.platform.advance(turn % 10 === 9 ? 10 : 0);
  }
  throw new Error("it never came to be");
}

const put = (server: RolloutServer, name: string, body: unknown) =>
  server.call<ChannelView>(`PUT /api/v1/channels/${name}`, { body });

describe("a channel that is made through the API", () => {
  it("gets the next message, in its own words, without a restart; so does what replaces it", async () => {
    const [first, second] = [await startReceiver(), await startReceiver()];
    const server = await startRolloutServer();
    const made = await put(server, "eng", { type: "slack", url: `${first.url}/s3cr3t-path` });
    expect([made.status, made.body]).toEqual([201, { name: "eng", type: "slack", source: "api", state: "ready" }]);
    const id = await server.begin(TOLD);
    await server.pass(2 * INTERVAL_MS);
    await until(server, () => first.received.length === 1);
    expect(first.received[0]?.text).toContain("Stage begun: checkout is at 5 %");
    const template = "{{what}} because of {{cause}}: {{value}} against {{threshold}}, by {{by}}";
    expect((await put(server, "eng", { type: "slack", url: second.url, template })).status).toBe(200);
    server.metrics.values.set("errors", 0.062);
    await server.until(id, "verifying");
    await until(server, () => second.received.length === 1);
    expect(second.received[0]?.text).toContain(
      "Rolled back from 5 % to 0 % because of trigger errors: 6.2% against 5%, by -",
    );
    expect(first.received).toHaveLength(1);
  });

  it("may use the variables that plans may use, as they are when it is used", async () => {
    const receiver = await startReceiver();
    const server = await startRolloutServer({ config: { variables: (name) => ({ HOOK: receiver.url })[name] } });
    await put(server, "eng", { type: "slack", url: "${HOOK}/x" });
    await server.call<ChannelTest>("POST /api/v1/channels/eng/test");
    expect(receiver.received.map(({ line }) => line)).toEqual(["POST /x"]);
    const { body } = await server.call("PUT /api/v1/channels/b", { body: { type: "slack", url: "${RAMPART_TOKEN}" } });
    expect([body.code, body.detail]).toEqual(["CHANNEL_INVALID", "b.url ${RAMPART_TOKEN} is not set"]);
  });

  it("is never read back: not by the API, the audit, the log or a copy of the database", async () => {
    const receiver = await startReceiver();
    const server = await startRolloutServer();
    const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
    const body = { type: "webhook", url: `${receiver.url}/s3cr3t-path`, secret };
    const made = await put(server, "hook", body);
    const wrong = await put(server, "hook", { type: "slack", url: "s3cr3t-path", secret: secret.slice(6) });
    const list = await server.call<ChannelList>("GET /api/v1/channels");
    const test = await server.call<ChannelTest>("POST /api/v1/channels/hook/test");
    expect(test.body.delivered).toBe(true);
    const audit = await server.call<Page<AuditEntry>>("GET /api/v1/audit?target=channel/hook");
    expect(audit.body.items).toMatchObject([{ action: "channel.saved", after: { type: "webhook" } }]);
    const stored = await server.rollouts.channels();
    const copied = stored.map(({ sealed }) => Buffer.from(sealed.slice(3), "base64").toString("latin1"));
    const answers = [made, wrong, list, test, audit].map(({ text }) => text);
    const all = [...answers, ...server.logs, JSON.stringify(stored), ...copied].join("\n");
    expect(all).toContain("channel.saved");
    for (const hidden of ["s3cr3t-path", secret.slice(6)]) expect(all).not.toContain(hidden);
  });

  it("is told everything that is wrong with it, and a plan's unknown placeholder where it stands", async () => {
    const server = await startRolloutServer();
    const { status, body } = await server.call("PUT /api/v1/channels/eng", {
      body: { type: "email", url: "http://x.example", from: "a", to: [], template: "{{flga}}" },
    });
    expect([status, body.code]).toEqual([400, "CHANNEL_INVALID"]);
    for (const field of ["eng.url", "eng.from", "eng.to", "did you mean {{flag}}?"])
      expect(body.detail).toContain(field);
    const plan = TOLD.replace("{{percentage}}", "{{percent}}");
    const validated = await server.call("POST /api/v1/plans/validate", {
      body: plan,
      headers: { "content-type": "application/yaml" },
    });
    expect(validated.text).toContain("there is no placeholder {{percent}}");
    expect(validated.text).toContain("did you mean {{percentage}}?");
  });

  it("is removed by name, once, and never takes the place of one that the file has", async () => {
    const receiver = await startReceiver();
    const channels = new Map([["fixed", { type: "slack" as const, url: receiver.url }]]);
    const server = await startRolloutServer({ config: { channels } });
    await put(server, "eng", { type: "slack", url: receiver.url });
    const remove = async (name: string) => (await server.call(`DELETE /api/v1/channels/${name}`)).status;
    expect([await remove("eng"), await remove("eng"), await remove("fixed"), await remove("log")]).toEqual([
      204, 404, 409, 409,
    ]);
    expect((await put(server, "fixed", { type: "slack", url: receiver.url })).status).toBe(409);
    const { body } = await server.call<ChannelList>("GET /api/v1/channels");
    expect(body.items.map(({ name, source }) => `${name} ${source}`)).toEqual(["log server", "fixed file"]);
  });

  it("that another data folder's key sealed is shown as what it is", async () => {
    const server = await startRolloutServer();
    const receiver = await startReceiver();
    await put(server, "eng", { type: "slack", url: receiver.url });
    const { sealed = "", ...rest } = (await server.rollouts.channel("eng")) ?? {};
    expect(rest).toMatchObject({ name: "eng", type: "slack" });
    const meta = { actor: "a", action: "channel.saved", at: 1 };
    await server.rollouts.saveChannel({ name: "moved", type: "slack", sealed }, 10, meta);
    const { body } = await server.call<ChannelList>("GET /api/v1/channels");
    expect(body.items.find(({ name }) => name === "moved")).toMatchObject({
      state: "disabled",
      reason: expect.stringContaining("key of another data folder") as string,
    });
    const test = await server.call<ChannelTest>("POST /api/v1/channels/moved/test");
    expect(test.body).toMatchObject({ delivered: false });
  });
});

describe("what was given up", () => {
  it("is sent again when somebody asks, and not when nothing was given up", async () => {
    const receiver = await startReceiver();
    receiver.answer = () => 403;
    const server = await startRolloutServer();
    await put(server, "eng", { type: "slack", url: receiver.url });
    await server.begin(TOLD);
    await server.pass(2 * INTERVAL_MS);
    const dead = async () => (await server.call<Page<OutboxView>>("GET /api/v1/outbox?status=dead")).body.items;
    await until(server, async () => (await dead()).length === 1);
    receiver.answer = () => 200;
    const resend = (body: object) => server.call<Resent>("POST /api/v1/outbox/resend", { body });
    expect((await resend({ allDead: true, channel: "other" })).body).toEqual({ resent: 0 });
    expect((await resend({ key: (await dead())[0]?.key })).body).toEqual({ resent: 1 });
    await until(server, () => receiver.received.length === 2);
    expect(receiver.received[1]?.text).toBe(receiver.received[0]?.text);
    const again = await resend({ key: "nothing" });
    expect([again.status, (await resend({ allDead: true })).body]).toEqual([404, { resent: 0 }]);
    const audit = await server.call<Page<AuditEntry>>("GET /api/v1/audit?action=outbox.resent");
    expect(audit.body.items).toMatchObject([{ after: { count: 1 } }]);
  });
});
