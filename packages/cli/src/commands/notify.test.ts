import type { ChannelView, OutboxView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi } from "../testing/fake-api.ts";
import { rampart } from "../testing/fake-io.ts";

const CHANNELS: readonly ChannelView[] = [
  { name: "log", type: "log", state: "ready" },
  { name: "eng-slack", type: "slack", state: "disabled", reason: "HTTP 410" },
];

const DEAD: OutboxView = {
  key: "r1:4:0:eng-slack",
  rolloutId: "r1",
  event: "rollback",
  severity: "P0",
  subject: "rolled back from 5 % to 0 %",
  channel: "eng-slack",
  status: "dead",
  attempts: 18,
  createdAt: "2026-01-05T11:59:00.000Z",
  dueAt: "2026-01-05T11:59:30.000Z",
  lastError: "HTTP 503",
};

describe("notify channels", () => {
  it("shows what there is, and why a channel is disabled", async () => {
    const api = await fakeApi({ "GET /api/v1/channels": { body: { items: CHANNELS } } });
    const { code, stdout, stderr } = await rampart(["notify", "channels", "--url", api.url]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "CHANNEL    TYPE   STATE     WHY",
        "log        log    ready     -",
        "eng-slack  slack  disabled  HTTP 410",
        "",
      ].join("\n"),
    );
  });

  it("says how channels are made where there are none", async () => {
    const api = await fakeApi({ "GET /api/v1/channels": { body: { items: CHANNELS.slice(0, 1) } } });
    expect((await rampart(["notify", "channels", "--url", api.url])).stderr).toContain("RAMPART_CHANNELS");
  });
});

describe("notify test", () => {
  const test = async (body: object, argv: readonly string[] = []) => {
    const api = await fakeApi({ "POST /api/v1/channels/eng-slack/test": { body } });
    return rampart(["notify", "test", "eng-slack", ...argv, "--url", api.url]);
  };

  it("ends well when the message arrived", async () => {
    const { code, stdout, stderr } = await test({ name: "eng-slack", delivered: true });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "delivered: look at eng-slack\n" });
  });

  it("fails, with the reason, when it did not", async () => {
    const { code, stderr } = await test({ name: "eng-slack", delivered: false, reason: "HTTP 404 no_service" });
    expect({ code, stderr }).toEqual({ code: 1, stderr: "not delivered to eng-slack: HTTP 404 no_service\n" });
  });

  it("answers with the whole as JSON", async () => {
    const body = { name: "eng-slack", delivered: false, reason: "HTTP 403" };
    const { code, stdout, stderr } = await test(body, ["--json"]);
    expect({ code, stderr, body: JSON.parse(stdout) as unknown }).toEqual({ code: 1, stderr: "", body });
  });
});

describe("notify outbox", () => {
  it("shows what was given up, and what to do", async () => {
    const api = await fakeApi({ "GET /api/v1/outbox": { body: { items: [DEAD] } } });
    const { stdout, stderr } = await rampart(["notify", "outbox", "--dead", "--url", api.url]);
    expect(api.seen.map(({ line }) => line)).toEqual(["GET /api/v1/outbox?limit=50&status=dead"]);
    expect(stdout).toContain("dead    eng-slack  rollback  r1          18  HTTP 503");
    expect(stderr).toContain("rampart notify test CHANNEL");
  });

  it("says that there is nothing", async () => {
    const api = await fakeApi({ "GET /api/v1/outbox": { body: { items: [] } } });
    const { stdout, stderr } = await rampart(["notify", "outbox", "--dead", "--url", api.url]);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "no notification is dead\n" });
  });
});
