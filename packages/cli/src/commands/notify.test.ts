import type { ChannelView, OutboxView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi } from "../testing/fake-api.ts";
import { rampart } from "../testing/fake-io.ts";

const CHANNELS: readonly ChannelView[] = [
  { name: "log", type: "log", source: "server", state: "ready" },
  { name: "eng-slack", type: "slack", source: "api", state: "disabled", reason: "HTTP 410" },
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
        "CHANNEL    TYPE   FROM    STATE     WHY",
        "log        log    server  ready     -",
        "eng-slack  slack  api     disabled  HTTP 410",
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

describe("notify channels add", () => {
  const saved = { name: "eng", type: "email", source: "api", state: "ready" };
  const add = async (argv: readonly string[], stdin?: string) => {
    const api = await fakeApi({ "PUT /api/v1/channels/eng": { status: 201, body: saved } });
    const result = await rampart(
      ["notify", "channels", "add", "eng", ...argv, "--url", api.url],
      stdin === undefined ? {} : { stdin },
    );
    return { ...result, sent: api.seen.map(({ body }) => body) };
  };

  it("sends what was set, and a list where something was set more than once", async () => {
    const { code, stdout, sent } = await add([
      "--type",
      "email",
      "--set",
      "to=a@b.c",
      "--set",
      "to=d@e.f",
      "--set",
      "from=x=y",
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "saved channel eng (email)\n" });
    expect(sent).toEqual([{ type: "email", to: ["a@b.c", "d@e.f"], from: "x=y" }]);
  });

  it("takes secrets from stdin, and sends nothing that it can't read", async () => {
    const good = await add(["--type", "slack", "--file", "-"], '{"url":"https://hooks.example/s3cr3t"}');
    expect(good.sent).toEqual([{ url: "https://hooks.example/s3cr3t", type: "slack" }]);
    for (const text of ['"s3cr3t"', '{"url":s3cr3t']) {
      const { code, sent } = await add(["--type", "slack", "--file", "-"], text);
      expect([code, sent]).toEqual([2, []]);
    }
  });

  it("asks for a type", async () => {
    const { code, stderr } = await add(["--set", "url=x"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("a channel needs a type")]);
  });
});

describe("notify channels remove", () => {
  it("removes it", async () => {
    const api = await fakeApi({ "DELETE /api/v1/channels/eng": { status: 204 } });
    const { code, stdout } = await rampart(["notify", "channels", "remove", "eng", "--url", api.url]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "removed channel eng\n" });
  });
});

describe("notify resend", () => {
  const resend = async (argv: readonly string[]) => {
    const api = await fakeApi({ "POST /api/v1/outbox/resend": { body: { resent: 2 } } });
    const result = await rampart(["notify", "resend", ...argv, "--url", api.url]);
    return { ...result, sent: api.seen.map(({ body }) => body) };
  };

  it("sends one again, or all, or all of a channel", async () => {
    expect((await resend(["r1:4:0:eng"])).sent).toEqual([{ key: "r1:4:0:eng" }]);
    const all = await resend(["--all-dead"]);
    expect([all.sent, all.stdout]).toEqual([[{ allDead: true }], "2 notifications under way again\n"]);
    expect((await resend(["--all-dead", "--channel", "eng"])).sent).toEqual([{ allDead: true, channel: "eng" }]);
  });

  it("asks which", async () => {
    for (const argv of [[], ["k", "--all-dead"], ["k", "--channel", "eng"]]) {
      const { code, sent } = await resend(argv);
      expect([code, sent]).toEqual([2, []]);
    }
  });
});
