import { describe, expect, it } from "vitest";
import { problem, rampView } from "../../testing/fake-api.ts";
import { BY_ID, FOUND, NONE, ROLLOUT_ID, rolloutSummary, rolloutView, run } from "../../testing/rollout.ts";

describe("a rollout is meant", () => {
  const pause = { [`POST ${BY_ID}/pause`]: { body: rolloutView({ status: "paused" }) } };

  it("by the key of a flag: the newest on it in the environment", async () => {
    const { code, seen } = await run({ ...FOUND, ...pause }, ["rollout", "pause", "checkout"]);
    expect(code).toBe(0);
    expect(seen.map((request) => request.line)).toEqual([
      "GET /api/v1/rollouts?flag=checkout&environment=production&limit=1",
      `POST ${BY_ID}/pause`,
    ]);
  });

  it("by its id", async () => {
    const routes = { ...NONE, [`GET ${BY_ID}`]: { body: rolloutView() }, ...pause };
    expect((await run(routes, ["rollout", "pause", ROLLOUT_ID])).code).toBe(0);
  });

  it("by the beginning of its id, when no other has it", async () => {
    const lists = [{ body: { items: [] } }, { body: { items: [rolloutSummary(), rolloutSummary({ id: "8a" })] } }];
    const routes = {
      "GET /api/v1/rollouts": lists,
      "GET /api/v1/rollouts/7f3c": problem(404, "ROLLOUT_NOT_FOUND"),
      ...pause,
    };
    expect((await run(routes, ["rollout", "pause", "7f3c"])).code).toBe(0);
  });

  it("by nothing that two of them have", async () => {
    const two = [rolloutSummary(), rolloutSummary({ id: "7f99", environment: "staging" })];
    const { code, stderr } = await run(
      {
        "GET /api/v1/rollouts": [{ body: { items: [] } }, { body: { items: two } }],
        "GET /api/v1/rollouts/7f": problem(404, "ROLLOUT_NOT_FOUND"),
      },
      ["rollout", "pause", "7f"],
    );
    expect(code).toBe(2);
    expect(stderr).toContain('2 rollouts have an id that begins with "7f"');
    expect(stderr).toContain("7f99  checkout in staging, running");
  });

  it("in the environment where it is: the error says so", async () => {
    const lists = [NONE, NONE, { body: { items: [rolloutSummary({ environment: "staging" })] } }].map((one) =>
      "body" in one ? one : one["GET /api/v1/rollouts"],
    );
    const { code, stderr } = await run(
      { "GET /api/v1/rollouts": lists, "GET /api/v1/rollouts/checkout": problem(404, "ROLLOUT_NOT_FOUND") },
      ["rollout", "status", "checkout"],
    );
    expect(code).toBe(3);
    expect(stderr).toContain("there is one in staging: add -e staging");
    expect(stderr).toContain("rampart flags kill FLAG");
  });
});

describe("a command", () => {
  it.each([
    [["pause", "checkout", "--reason", "lunch"], "pause", { reason: "lunch" }],
    [["resume", "checkout"], "resume", {}],
    [["promote", "checkout"], "promote", {}],
    [["cancel", "checkout"], "cancel", {}],
    [["begin", "checkout"], "start", {}],
    [["ack", "checkout"], "acknowledge", {}],
    [["approve", "checkout", "--role", "engineering-lead"], "approve", { role: "engineering-lead" }],
    [["reject", "checkout", "--reason", "not yet"], "reject", { reason: "not yet" }],
    [["tick", "checkout", "--all"], "tick", { item: "all" }],
  ])("%j is sent as %s, and says where the rollout is afterwards", async (argv, command, body) => {
    const routes = { ...FOUND, [`POST ${BY_ID}/${command}`]: { body: rolloutView() } };
    const { code, stdout, seen } = await run(routes, ["rollout", ...argv]);
    expect(code).toBe(0);
    expect(seen.at(-1)?.body).toEqual(body);
    expect(stdout).toContain("checkout in production: running at 25 %");
  });

  it("that is not possible now says why, where the rollout is and what is possible, with exit code 4", async () => {
    const detail = "resume: not possible while the rollout is running.";
    const routes = {
      ...FOUND,
      [`POST ${BY_ID}/resume`]: problem(409, "NOT_ALLOWED_NOW", { detail }),
      [`GET ${BY_ID}`]: { body: rolloutView() },
    };
    const { code, stderr } = await run(routes, ["rollout", "resume", "checkout"]);
    expect(code).toBe(4);
    expect(stderr).toContain(detail);
    expect(stderr).toContain("waits for 30m more of 2h");
    expect(stderr).toContain("rampart rollout rollback checkout");
  });
});

describe("rollout tick", () => {
  const checklist = [
    { id: "a", text: "Logs are kept", roles: [] },
    { id: "b", text: "Feedback is neutral", roles: [] },
    { id: "c", text: "Feedback was read", roles: [] },
  ];
  const routes = {
    ...FOUND,
    [`GET ${BY_ID}`]: { body: rolloutView({ checklist }) },
    [`POST ${BY_ID}/tick`]: { body: rolloutView() },
  };

  it.each([
    ["Logs are kept", "a"],
    ["b", "b"],
    ["logs", "a"],
    ["NEUTRAL", "b"],
    ["no such thing", "no such thing"],
  ])('takes "%s" for the item %s', async (text, item) => {
    expect((await run(routes, ["rollout", "tick", "checkout", text])).seen.at(-1)?.body).toEqual({ item });
  });

  it("ticks nothing when several items could be meant, or none was named", async () => {
    const two = await run(routes, ["rollout", "tick", "checkout", "feedback"]);
    expect(two.code).toBe(2);
    expect(two.stderr).toContain('"Feedback was read"');
    expect((await run(routes, ["rollout", "tick", "checkout"])).code).toBe(2);
    expect((await run(routes, ["rollout", "tick", "checkout", "logs", "--all"])).code).toBe(2);
  });
});

describe("rollout rollback", () => {
  const rolledBack = rolloutView({ status: "rollingBack", percentage: 0, sentence: "Rolling back: waits for …" });

  it("asks nothing, and tries again when the connection breaks or the server is away", async () => {
    const verifying = rolloutView({ status: "verifying", percentage: 0 });
    const routes = {
      [`GET ${BY_ID}`]: [{ status: 503 }, { body: verifying }],
      "GET /api/v1/rollouts": [{ status: 503 }, FOUND["GET /api/v1/rollouts"]],
      [`POST ${BY_ID}/rollback`]: [(response: { destroy(): unknown }) => void response.destroy(), { body: rolledBack }],
    };
    const { code, stdout, stderr, asked } = await run(
      routes,
      ["rollout", "rollback", "checkout", "--reason", "errors"],
      {
        terminal: 100,
      },
    );
    expect({ code, asked }).toEqual({ code: 0, asked: [] });
    expect(stdout).toContain("rolled back, verifying");
    expect(stderr).toContain("trying again (2 of 4)");
    expect(stderr).toContain("rampart rollout status checkout --watch");
  });

  it("says what is durable when clients were told and the store was not", async () => {
    const detail = "Connected clients have it off, above revision 42. The store can't be written.";
    const told = rampView({ enabled: false, revision: 42, unstored: { keptIn: "file", detail } });
    const { code, stdout, stderr } = await run(
      { ...FOUND, [`POST ${BY_ID}/rollback`]: { status: 202, body: told } },
      ["rollout", "rollback", "checkout"],
      { terminal: 100, env: { NO_COLOR: "1" } },
    );
    expect(code).toBe(0);
    expect(stdout).toBe("checkout in production: off in the connected clients, above revision 42\n");
    expect(stderr).toContain(`not stored yet: ${detail}`);
  });

  it("names the way that needs no rollout when it fails", async () => {
    const { code, stderr } = await run({ "GET /api/v1/rollouts": { status: 503 } }, [
      "rollout",
      "rollback",
      "checkout",
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("rampart flags kill FLAG");
  });
});
