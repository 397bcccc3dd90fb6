import { describe, expect, it } from "vitest";
import { createEgress } from "../egress/egress.ts";
import { soleServer } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import type { OutboxMessage, OutboxRow } from "../ports/rollout-store.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { ChannelBook } from "./channel-book.ts";
import { readChannels } from "./channels-file.ts";
import { Channels } from "./channels.ts";
import { sentOf } from "./deliver-http.ts";
import { Dispatcher } from "./dispatcher.ts";
import { clearSealer } from "./testing/clear-sealer.ts";
import { storeWith } from "./testing/outbox.ts";
import { startReceiver } from "./testing/receiver.ts";
import { startSmtpSink } from "./testing/smtp-sink.ts";

const MINUTE_MS = 60_000;
const TURNS_MAX = 2_000;

/** Channels as a file has them, with a dispatcher over an outbox in memory. */
async function start(file: string, messages: readonly Partial<OutboxMessage>[]) {
  const platform = manualPlatform();
  const lines: string[] = [];
  const line = (fields: unknown, message: string): void => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  const read = readChannels(file, () => undefined);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const egress = createEgress({ policy: { allow: [], allowPrivate: true }, nowMs: () => performance.now() });
  let ids = 0;
  const rollouts = await storeWith(messages, platform.clock.now());
  const book = new ChannelBook({
    file: read.channels,
    store: rollouts,
    sealer: clearSealer,
    variables: () => undefined,
  });
  const channels = new Channels({
    book,
    egress,
    door: egress,
    clock: platform.clock,
    logger,
    newId: () => String((ids += 1)),
    publicUrl: "https://rampart.example/",
  });
  const dispatcher = new Dispatcher({
    ...platform,
    leadership: soleServer,
    store: rollouts,
    notifier: channels,
    logger,
    meter: silentMeter,
  });
  dispatcher.start();
  const rows = async (): Promise<Readonly<Record<string, OutboxRow>>> =>
    Object.fromEntries((await rollouts.outbox({ limit: 200 })).map((row) => [row.key, row]));
  /** Lets sockets work, with time standing still, until something is so. */
  const until = async (isSo: (rows: Readonly<Record<string, OutboxRow>>) => boolean): Promise<void> => {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      if (isSo(await rows())) return;
      await platform.advance(0);
    }
    throw new Error(`it never came to be: ${JSON.stringify(await rows())}`);
  };
  return { platform, channels, dispatcher, rollouts, lines, rows, until };
}

const to = (channel: string, more: Partial<OutboxMessage> = {}): Partial<OutboxMessage> => ({
  key: channel,
  channel,
  ...more,
});

describe("a channel whose receiver fails", () => {
  it("is tried again after a while, and the others are not sent theirs twice", async () => {
    const [broken, fine] = [await startReceiver(), await startReceiver()];
    broken.answer = (_, n) => (n < 2 ? 503 : 200);
    const file = `a: { type: slack, url: ${broken.url} }\nb: { type: slack, url: ${fine.url} }`;
    const { platform, until, rows } = await start(file, [to("a"), to("b")]);
    await platform.advance(1000);
    await until(({ a, b }) => a?.attempts === 1 && b?.status === "sent");
    expect((await rows())["a"]).toMatchObject({ status: "waiting", lastError: "HTTP 503" });
    await platform.advance(1000);
    await until(({ a }) => a?.attempts === 2);
    await platform.advance(2000);
    await until(({ a }) => a?.status === "sent");
    expect([broken.received.length, fine.received.length]).toEqual([3, 1]);
    expect(fine.received[0]?.text).toContain("https://rampart.example/rollouts/r");
  });

  it("is left alone for as long as it asks with 429", async () => {
    const receiver = await startReceiver();
    receiver.answer = (_, n) => (n === 0 ? { status: 429, headers: { "retry-after": "300" } } : 200);
    const { platform, until, rows } = await start(`a: { type: slack, url: ${receiver.url} }`, [to("a")]);
    await platform.advance(1000);
    await until(({ a }) => a?.attempts === 1);
    expect((await rows())["a"]?.dueAt).toBe(platform.clock.now() + 5 * MINUTE_MS);
    await platform.advance(5 * MINUTE_MS - 1);
    expect(receiver.received).toHaveLength(1);
    await platform.advance(1000);
    await until(({ a }) => a?.status === "sent");
  });

  it("is not tried again when it says that the message is wrong", async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 400, body: "invalid_payload" });
    const { platform, until } = await start(`a: { type: slack, url: ${receiver.url} }`, [to("a")]);
    await platform.advance(1000);
    await until(({ a }) => a?.status === "dead" && a.lastError === "HTTP 400 invalid_payload");
    await platform.advance(60 * MINUTE_MS);
    expect(receiver.received).toHaveLength(1);
  });

  it("is disabled by 410, visibly, until a test reaches it", async () => {
    const receiver = await startReceiver();
    receiver.answer = () => 410;
    const { platform, until, channels } = await start(`a: { type: slack, url: ${receiver.url} }`, [
      to("a"),
      to("a", { key: "second" }),
    ]);
    await platform.advance(1000);
    await until(({ a, second }) => a?.status === "dead" && second?.status === "dead");
    expect(receiver.received).toHaveLength(1);
    expect(await channels.channels()).toContainEqual({
      name: "a",
      type: "slack",
      source: "file",
      state: "disabled",
      reason: "HTTP 410",
    });
    expect(await channels.test("a")).toMatchObject({ kind: "failed" });
    receiver.answer = () => 200;
    expect(await channels.test("a")).toEqual({ kind: "delivered" });
    expect(await channels.channels()).toContainEqual({ name: "a", type: "slack", source: "file", state: "ready" });
  });

  it("holds nobody else up while it hangs, not even the end of the server", async () => {
    const [hole, fine] = [await startReceiver(), await startReceiver()];
    hole.answer = () => "hang";
    const file = `hole: { type: slack, url: ${hole.url} }\nb: { type: slack, url: ${fine.url} }`;
    const messages = [
      ...Array.from({ length: 120 }, (_, n) => to("hole", { key: `hole${n}`, rolloutId: `r${n}` })),
      to("b"),
    ];
    const { platform, until, rows, dispatcher } = await start(file, messages);
    await platform.advance(1000);
    await until(({ b }) => b?.status === "sent");
    expect(hole.received).toHaveLength(1);
    const stopped = dispatcher.stop();
    await platform.advance(2000);
    await stopped;
    hole.breakOff();
    await platform.advance(1000);
    expect((await rows())["hole0"]).toMatchObject({ status: "waiting", attempts: 0 });
  });
});

describe("PagerDuty", () => {
  it("never has an incident opened after its end, whatever fails in between", async () => {
    const receiver = await startReceiver();
    receiver.answer = (_, n) => (n < 3 ? 500 : 202);
    const notify = (event: "rollback" | "recovered") => ({ kind: "notify" as const, event, subject: event });
    const { platform, until } = await start(`p: { type: pagerduty, routingKey: key, url: ${receiver.url} }`, [
      to("p", { key: "open", notify: notify("rollback") }),
      to("p", { key: "close", notify: notify("recovered"), onlyIncident: true }),
    ]);
    for (let tries = 1; tries <= 3; tries += 1) {
      await platform.advance(10_000);
      await until(({ open }) => (open?.attempts ?? 0) >= tries);
    }
    await platform.advance(10_000);
    await until(({ close }) => close?.status === "sent");
    const acts = receiver.received.map(({ text }) => (JSON.parse(text) as { event_action: string }).event_action);
    expect(acts).toEqual(["trigger", "trigger", "trigger", "trigger", "resolve"]);
  });

  it("is tested by a change event, which calls nobody", async () => {
    const receiver = await startReceiver();
    const { channels } = await start(`p: { type: pagerduty, routingKey: key, url: ${receiver.url} }`, []);
    await channels.test("p");
    expect(receiver.received.map(({ line }) => line)).toEqual(["POST /v2/change/enqueue"]);
  });
});

describe("a status page", () => {
  it("has one incident from the rollback to the recovery, without a word of flags or metrics", async () => {
    const receiver = await startReceiver();
    const stored: { id: string; metadata: unknown }[] = [];
    receiver.answer = ({ line, text }) => {
      if (line === "GET /v1/pages/p1/incidents/unresolved") return { status: 200, body: JSON.stringify(stored) };
      if (line.startsWith("POST"))
        stored.push({
          id: "i1",
          metadata: (JSON.parse(text) as { incident: { metadata: unknown } }).incident.metadata,
        });
      return line.startsWith("POST") ? 201 : 200;
    };
    const notify = (event: "rollback" | "recovered" | "stage") => ({ kind: "notify" as const, event, subject: event });
    const { platform, until } = await start(`s: { type: statuspage, page: p1, apiKey: k3y, url: ${receiver.url} }`, [
      to("s", { key: "stage", notify: notify("stage") }),
      to("s", { key: "open", notify: notify("rollback") }),
      to("s", { key: "close", notify: notify("recovered"), onlyIncident: true }),
    ]);
    await platform.advance(1000);
    await until(({ close }) => close?.status === "sent");
    const calls = receiver.received.filter(({ line }) => !line.startsWith("GET"));
    expect(calls.map(({ line }) => line)).toEqual(["POST /v1/pages/p1/incidents", "PATCH /v1/pages/p1/incidents/i1"]);
    expect(calls.map(({ text }) => (JSON.parse(text) as { incident: { status: string } }).incident.status)).toEqual([
      "identified",
      "resolved",
    ]);
    expect(calls[0]?.headers.authorization).toBe("OAuth k3y");
    expect(calls.map(({ text }) => text).join()).not.toContain("checkout");
  });
});

describe("mail", () => {
  const file = (port: number, more = "") =>
    `m: { type: email, url: "smtp://${more}127.0.0.1:${port}", from: "Rampart <rampart@team.example>", to: [a@b.example, c@d.example] }`;

  it("reaches a mail server, for everybody, in the rollout's thread", async () => {
    const sink = await startSmtpSink();
    const { platform, until } = await start(file(sink.port), [to("m")]);
    await platform.advance(1000);
    await until(({ m }) => m?.status === "sent");
    expect(sink.mails).toMatchObject([{ from: "rampart@team.example", to: ["a@b.example", "c@d.example"] }]);
    expect(sink.mails[0]?.data).toMatch(/^Subject: Rolled back: checkout$/m);
    expect(sink.mails[0]?.data).toMatch(/^Message-ID: <m@rampart>$/m);
    expect(sink.mails[0]?.data).toContain("https://rampart.example/rollouts/r");
  });

  it("is tried again when the server says later, and given up when it says no", async () => {
    const sink = await startSmtpSink();
    sink.refuse = (command) => (command.startsWith("RCPT") ? "451 later" : undefined);
    const { platform, until } = await start(file(sink.port), [to("m")]);
    await platform.advance(1000);
    await until(({ m }) => m?.attempts === 1 && m.status === "waiting" && m.lastError === "SMTP EENVELOPE 451");
    sink.refuse = (command) => (command.startsWith("RCPT") ? "550 no" : undefined);
    await platform.advance(1000);
    await until(({ m }) => m?.status === "dead");
  });

  it("never gives a password to a server without TLS", async () => {
    const sink = await startSmtpSink();
    const { platform, until, lines } = await start(file(sink.port, "me:p4ssw0rd@"), [to("m")]);
    await platform.advance(1000);
    await until(({ m }) => m?.attempts === 1);
    expect(sink.mails).toEqual([]);
    expect([...sink.said, ...lines].join("\n")).not.toMatch(/AUTH|p4ssw0rd|cDRzc3cwcmQ/);
  });
});

describe("a channel that the server does not have", () => {
  it("is warned of, and holds nothing up", async () => {
    const { platform, until, lines } = await start("{}", [to("nobody"), to("log")]);
    await platform.advance(1000);
    await until(({ nobody, log }) => nobody?.status === "sent" && log?.status === "sent");
    expect(lines.filter((line) => line.startsWith("a plan notifies a channel"))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith("notification "))).toHaveLength(1);
  });
});

describe("what an answer means", () => {
  const answer = (status: number, headers = {}, body = "") =>
    sentOf({ kind: "answer", status, headers, body, durationMs: 1 }, 0);

  it("is: delivered, later, never, or never anything again", () => {
    for (const status of [200, 202, 204]) expect(answer(status)).toEqual({ kind: "delivered" });
    for (const status of [408, 420, 425, 429, 500, 503]) expect(answer(status)).toMatchObject({ again: true });
    for (const status of [301, 400, 401, 403, 404, 413]) expect(answer(status)).toMatchObject({ again: false });
    expect(answer(410)).toEqual({ kind: "gone", reason: "HTTP 410" });
    expect(sentOf({ kind: "failed", cause: "timeout", reason: "no whole answer within 15000 ms" }, 0)).toMatchObject({
      again: true,
    });
    expect(sentOf({ kind: "refused", reason: "private", hint: "allow it" }, 0)).toMatchObject({ again: false });
  });

  it("takes a wait in seconds or as a date, up to an hour", () => {
    expect(answer(503, { "retry-after": "7" })).toMatchObject({ waitMs: 7000 });
    expect(answer(503, { "retry-after": "Thu, 01 Jan 1970 00:00:30 GMT" })).toMatchObject({ waitMs: 30_000 });
    expect(answer(503, { "retry-after": "999999" })).toMatchObject({ waitMs: 60 * MINUTE_MS });
    expect(answer(503, { "retry-after": "soon" })).not.toHaveProperty("waitMs");
  });

  it("repeats nothing of an answer but a bare word", () => {
    expect(answer(404, {}, "no_service")).toMatchObject({ reason: "HTTP 404 no_service" });
    expect(answer(404, {}, "token S3CR3T is wrong")).toMatchObject({ reason: "HTTP 404" });
  });
});
