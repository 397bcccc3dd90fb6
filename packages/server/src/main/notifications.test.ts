import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ChannelList, ChannelTest, OutboxView, Page } from "@rampart/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { startReceiver, type Received, type Receiver } from "../notify/testing/receiver.ts";
import { INTERVAL_MS, PLAN, startRolloutServer } from "../testing/rollout-server.ts";
import { loadConfig } from "./config.ts";

const SIGNING = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
const SECRETS = {
  SLACK_PATH: "s3cr3t-slack-path",
  PD_KEY: "s3cr3t-routing-key",
  SIGNING,
  SMTP_PASSWORD: "s3cr3t-smtp",
};

/** The configuration of a server with this channels file. */
function configWith(file: string) {
  const folder = mkdtempSync(join(tmpdir(), "rampart-channels-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "channels.yaml");
  writeFileSync(path, file);
  return loadConfig([], { RAMPART_CHANNELS: path, ...SECRETS });
}

function channelsOf(file: string) {
  const loaded = configWith(file);
  if (loaded.kind === "invalid") throw new Error(JSON.stringify(loaded.errors));
  return loaded.config.channels;
}

const NOTIFYING = `${PLAN}
  notify:
    - { on: [rollback, notRecovered], severity: [P0, P1], to: [pager, hole, chat] }
    - { on: [stage, rollback, recovered], to: [hook, nobody] }
  escalation: [ { after: 0m, to: pager } ]
`;

async function start() {
  const [pager, hole, chat, hook] = [
    await startReceiver(),
    await startReceiver(),
    await startReceiver(),
    await startReceiver(),
  ];
  hole.answer = () => "hang";
  const channels = channelsOf(`
pager: { type: pagerduty, routingKey: "\${PD_KEY}", url: ${pager.url} }
hole: { type: slack, url: "${hole.url}/\${SLACK_PATH}" }
chat: { type: slack, url: "${chat.url}/\${SLACK_PATH}" }
hook: { type: webhook, url: ${hook.url}, secret: "\${SIGNING}" }
mail: { type: email, url: "smtp://me:\${SMTP_PASSWORD}@127.0.0.1:1", from: a@b.example, to: c@d.example }
`);
  const server = await startRolloutServer({ config: { channels, publicUrl: "https://rampart.example" } });
  /** Lets sockets work until a receiver was called so often. */
  const until = async (receiver: Receiver, calls: number): Promise<void> => {
    for (let turn = 0; turn < 2_000 && receiver.received.length < calls; turn += 1)
      await server.platform.advance(turn % 10 === 9 ? 10 : 0);
    expect(receiver.received.length).toBeGreaterThanOrEqual(calls);
  };
  return { server, pager, hole, chat, hook, until };
}

interface Story {
  readonly type: string;
  readonly data: { readonly facts: readonly { readonly name: string; readonly value: string }[] };
}

const acts = ({ received }: Receiver): readonly unknown[] =>
  received.map(({ text }) => (JSON.parse(text) as { event_action?: string }).event_action);

describe("the notifications of a rollout", () => {
  it("reach everybody but a black hole, which holds up neither the rollback nor the others", async () => {
    const { server, pager, hole, chat, hook, until } = await start();
    const id = await server.begin(NOTIFYING);
    await server.pass(2 * INTERVAL_MS);
    expect(await server.exposure()).toBe(5);
    server.metrics.values.set("errors", 0.062);
    await server.until(id, "verifying");
    expect(await server.exposure()).toBe(0);
    await until(pager, 2);
    await until(chat, 1);
    await until(hole, 1);
    server.metrics.values.set("errors", 0.001);
    await server.until(id, "rolledBack");
    await until(pager, 3);
    await until(hook, 3);

    expect(acts(pager)).toEqual(["trigger", "trigger", "resolve"]);
    expect(chat.received).toHaveLength(1);
    expect(chat.received[0]?.text).toContain(`https://rampart.example/rollouts/${id}`);
    const stories = hook.received.map(({ text }) => JSON.parse(text) as Story);
    const isSigned = ({ headers }: Received): boolean => /^v1,[\w+/]{43}=$/.test(String(headers["webhook-signature"]));
    expect(hook.received.every(isSigned)).toBe(true);
    expect(stories.map(({ type }) => type)).toEqual(["rollout.stage", "rollout.rollback", "rollout.recovered"]);
    expect(stories[1]?.data.facts).toContainEqual({ name: "Value", value: "6.2%" });
    expect(stories[1]?.data.facts).toContainEqual({ name: "Threshold", value: "5%" });
    const { body } = await server.call<Page<OutboxView>>("GET /api/v1/outbox?status=waiting");
    expect(body.items.map(({ channel, event }) => `${channel} ${event}`)).toEqual(["hole recovered", "hole rollback"]);
    expect(server.logs.join("")).toContain("a plan notifies a channel that this server does not have");
  });

  it("show no secret of a channel in the log, in any answer or in an error", async () => {
    const { server, pager, hook, until } = await start();
    pager.answer = () => ({ status: 401, body: "s3cr3t-routing-key is not known" });
    hook.answer = () => 410;
    const id = await server.begin(NOTIFYING);
    await server.pass(2 * INTERVAL_MS);
    await server.command(id, "rollback", { reason: "look" });
    await until(pager, 1);
    await until(hook, 1);
    await server.pass(INTERVAL_MS);
    const tests = await Promise.all(
      ["pager", "chat", "hook", "log"].map((name) => server.call<ChannelTest>(`POST /api/v1/channels/${name}/test`)),
    );
    expect(tests.map(({ body }) => body.delivered)).toEqual([false, true, false, true]);
    const list = await server.call<ChannelList>("GET /api/v1/channels");
    expect(list.body.items.map(({ name, type, state }) => `${name} ${type} ${state}`)).toEqual([
      "log log ready",
      "pager pagerduty ready",
      "hole slack ready",
      "chat slack ready",
      "hook webhook disabled",
      "mail email ready",
    ]);
    const paths = ["outbox", "audit", `rollouts/${id}`, `rollouts/${id}/evidence`, `rollouts/${id}/events`, "plans"];
    const answers = await Promise.all(
      paths.map((path) => server.call(`GET /api/v1/${path}`, { headers: { accept: "application/json" } })),
    );
    const all = [...server.logs, ...[...tests, list, ...answers].map(({ text }) => text)].join("\n");
    for (const secret of [...Object.values(SECRETS), SIGNING.slice(6)]) expect(all).not.toContain(secret);
    expect(all).not.toContain(pager.url);
  });

  it("name the channel that a test asks for and that isn't there", async () => {
    const { server } = await start();
    const { status, body } = await server.call("POST /api/v1/channels/chatt/test");
    expect([status, body.code, body.suggestions]).toEqual([404, "CHANNEL_NOT_FOUND", ["chat"]]);
  });
});

describe("the channels of a configuration", () => {
  it("are told with everything else that is wrong, and without their values", () => {
    const loaded = configWith(
      `a: { type: slack, url: "s3cr3t" }\nb: { type: webhook, url: https://b.example, secret: "\${NONE}" }`,
    );
    expect(loaded).toEqual({
      kind: "invalid",
      errors: [
        {
          where: "RAMPART_CHANNELS a.url",
          detail: "is no address like https://hooks.example/abc, or carries a password",
        },
        { where: "RAMPART_CHANNELS b.secret", detail: "${NONE} is not set" },
      ],
    });
    const missing = loadConfig(["--port", "x"], { RAMPART_CHANNELS: "/nowhere/channels.yaml" });
    expect(missing.kind === "invalid" && missing.errors.map(({ where, detail }) => `${where} ${detail}`)).toEqual([
      expect.stringContaining("--port"),
      "RAMPART_CHANNELS can't read /nowhere/channels.yaml: ENOENT",
    ]);
  });
});
