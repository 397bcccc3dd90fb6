import { describe, expect, it } from "vitest";
import type { EvidenceView, Page, RolloutSummary } from "@rampart/core";
import { PLAN, startRolloutServer, type RolloutOrProblem, type RolloutServer } from "../../testing/rollout-server.ts";

const YAML = { "content-type": "application/yaml" };

/** Up to the second stage, which waits for its approval. */
async function startAwaiting(): Promise<{ readonly server: RolloutServer; readonly id: string }> {
  const server = await startRolloutServer();
  const id = await server.begin();
  await server.until(id, "awaiting");
  return { server, id };
}

describe("a rollout", () => {
  it("goes from 0 % to 100 % by its plan, with the approval and the tick that it asks for", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    expect(await server.exposure()).toBe(0);
    const running = await server.until(id, "running");
    expect(running.stages.map(({ state }) => state)).toEqual(["current", "next", "next"]);
    expect(running).toMatchObject({ percentage: 5, stage: { name: "canary", index: 0 }, leaseMs: 25_000 });
    expect(await server.exposure()).toBe(5);
    const awaiting = await server.until(id, "awaiting");
    expect(awaiting.approvals).toEqual([
      { stage: "half", role: "engineering-lead", needed: 1, given: [], isOpen: true },
    ]);
    expect(awaiting.sentence).toContain("approval of half by engineering-lead");
    await server.pass(30_000);
    const approved = await server.command(id, "approve", {}, { token: server.lead });
    expect(approved.body).toMatchObject({ status: "running", percentage: 50 });
    expect((await server.command(id, "tick", { item: "Feedback is good" })).body.checklist).toMatchObject([
      { text: "Feedback is good", ticked: { by: expect.stringContaining("admin") as string } },
    ]);
    const done = await server.until(id, "completed");
    expect(done).toMatchObject({ percentage: 100, sentence: "Completed at 100 %.", waitingFor: [] });
    expect(done.stages.map(({ state }) => state)).toEqual(["done", "done", "done"]);
    expect(await server.exposure()).toBe(100);
    const story = (await server.events(id)).map(({ event, percentage }) => `${event} ${percentage}`);
    expect(story).toEqual([
      "scheduled 0",
      "started 0",
      "stageStarted 5",
      "stageDone 5",
      "awaiting 5",
      "approved 5",
      "stageStarted 50",
      "ticked 50",
      "stageDone 50",
      "stageStarted 100",
      "stageDone 100",
      "completed 100",
    ]);
  });

  it("goes back to 0 % by itself when a trigger has been true for its time, and sees that it helped", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    server.metrics.values.set("errors", 0.08);
    await server.pass(10_000);
    expect((await server.rollout(id)).triggers[0]).toMatchObject({
      name: "errors",
      isArmed: true,
      isTrue: true,
      value: 0.08,
      threshold: 0.05,
      forMs: 20_000,
      trueForMs: 0,
    });
    await server.pass(20_000);
    const verifying = await server.rollout(id);
    expect(verifying).toMatchObject({
      status: "verifying",
      percentage: 0,
      cause: { kind: "trigger", subject: "errors", condition: "errors >= 5%", value: 0.08, threshold: 0.05 },
      recovery: { state: "verifying" },
      criteria: [{ of: "recovery", text: "errors < 1%", verdict: "fail" }],
    });
    expect(verifying.triggers[0]).toMatchObject({ name: "errors", hasFired: true, firedAt: verifying.killedAt });
    expect(await server.exposure()).toBe(0);
    server.metrics.values.set("errors", 0.002);
    const over = await server.until(id, "rolledBack");
    expect(over).toMatchObject({
      recovery: { state: "recovered" },
      sentence: "Rolled back by trigger errors; recovered.",
    });
    const { body: audit } =
      await server.call<Page<{ action: string; reason?: string; actor: string }>>("GET /api/v1/audit?limit=1000");
    expect(audit.items.find(({ action }) => action === "flag.rolledBack")).toMatchObject({
      actor: `rollout:${id}`,
      reason: "trigger errors: errors >= 5% (0.08)",
    });
  });

  it("says so when going back did not help, and what else changed", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    await server.call("POST /api/v1/flags", { body: { key: "search" } });
    const ramp = { body: { percentage: 50, reason: "a try" } };
    await server.call("POST /api/v1/environments/production/flags/search/rollout", ramp);
    server.metrics.values.set("errors", 0.08);
    const over = await server.until(id, "rolledBack");
    expect(over).toMatchObject({
      recovery: { state: "notRecovered" },
      sentence: "Rolled back by trigger errors; not recovered: look elsewhere.",
    });
    const told = (await server.events(id)).find(({ event }) => event === "notRecovered");
    expect(told?.cause?.reason).toMatch(
      /^not this flag; what else changed in production since .*: flag\/search flag\.ramped .* \(a try\)/,
    );
    expect(told?.cause?.reason).not.toContain("flag/checkout");
  });

  it("holds while its metrics can't be had, and says which and why", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    server.metrics.values.set("errors", undefined);
    await server.pass(90_000);
    const view = await server.rollout(id);
    expect(view).toMatchObject({
      status: "running",
      percentage: 5,
      metrics: [
        { name: "errors", state: "error", query: "errors" },
        { name: "tickets", state: "noData", reason: "never pushed" },
      ],
    });
    expect(view.sentence).toContain("data of errors");
  });

  it("asks its metrics with the variables of the server's environment, and shows their values to nobody", async () => {
    const { server, id } = await startAwaiting();
    expect(server.metrics.authorization).toBe("Bearer s3cr3t");
    const shown = [
      await server.rollout(id),
      await server.events(id),
      (await server.call(`GET /api/v1/rollouts/${id}/evidence`)).body,
      server.logs,
    ];
    expect(JSON.stringify(shown)).toContain("${METRICS_URL}");
    expect(JSON.stringify(shown)).not.toContain("s3cr3t");
    expect(JSON.stringify(shown)).not.toContain(server.metrics.url);
  });

  it("leaves its evidence: the plan, approvals, decisions with their grounds, the story", async () => {
    const { server, id } = await startAwaiting();
    await server.command(id, "approve", {}, { token: server.lead });
    const { body } = await server.call<EvidenceView>(`GET /api/v1/rollouts/${id}/evidence`);
    expect(body.plan).toMatchObject({ name: "checkout", version: 1, text: PLAN });
    expect(body.approvals).toMatchObject([
      { stage: "half", roles: ["engineering-lead"], planDigest: body.plan.digest },
    ]);
    expect(body.decisions.map(({ what, stage }) => [what, stage])).toEqual([
      ["exposure", "canary"],
      ["stageDone", "canary"],
    ]);
    expect(body.decisions[1]?.criteria).toMatchObject([
      { criterion: "errors < 1%", verdict: "pass", value: 0.001, threshold: 0.01 },
    ]);
    expect(body.events.at(-1)).toMatchObject({ event: "stageStarted", percentage: 50, cause: { kind: "approval" } });
  });

  it("that is to start later waits, and starts at once when it is told to", async () => {
    const server = await startRolloutServer();
    const startAt = "2026-01-05T03:00:00.000Z";
    const { status, body } = await server.call<RolloutOrProblem>("POST /api/v1/rollouts", {
      body: { plan: PLAN, startAt },
    });
    expect([status, body.status, body.startAt]).toEqual([201, "scheduled", startAt]);
    await server.pass(60_000);
    expect(await server.rollout(body.id)).toMatchObject({
      status: "scheduled",
      waitingFor: [{ kind: "start", at: startAt }],
    });
    await server.command(body.id, "start", { reason: "the team is here" });
    expect((await server.until(body.id, "running")).percentage).toBe(5);
  });

  it("sends its notifications to the log", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    await server.pass(10_000);
    const lines = server.logs.map((line) => JSON.parse(line) as { msg: string; event?: string; rollout?: string });
    expect(lines.filter(({ msg }) => msg === "notification").map(({ event, rollout }) => [event, rollout])).toEqual([
      ["scheduled", id],
      ["started", id],
      ["stage", id],
    ]);
    const { body } = await server.call<Page<{ status: string }>>("GET /api/v1/outbox?status=sent");
    expect(body.items).toHaveLength(3);
    expect((await server.call<Page<unknown>>("GET /api/v1/outbox?status=dead")).body.items).toEqual([]);
  });
});

describe("starting a rollout", () => {
  it("is refused while another one ramps the flag, with the id of that one", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    const { status, body } = await server.call("POST /api/v1/rollouts", { body: PLAN, headers: YAML });
    expect([status, body.code]).toEqual([409, "ROLLOUT_BUSY"]);
    expect(body.detail).toContain(id);
    await server.command(id, "cancel");
    expect((await server.call("POST /api/v1/rollouts", { body: PLAN, headers: YAML })).status).toBe(201);
  });

  it("is refused for a flag that isn't there, with the nearest names", async () => {
    const server = await startRolloutServer();
    const { status, body } = await server.call("POST /api/v1/rollouts", {
      body: PLAN.replace("flag: checkout", "flag: chekout"),
      headers: YAML,
    });
    expect([status, body.code, body.suggestions]).toEqual([404, "FLAG_NOT_FOUND", ["checkout"]]);
    expect(body.detail).toContain("spec.flag");
  });

  it("is refused for a killed flag until it is restored", async () => {
    const server = await startRolloutServer();
    await server.call("POST /api/v1/environments/production/flags/checkout/kill");
    const refused = await server.call("POST /api/v1/rollouts", { body: PLAN, headers: YAML });
    expect(refused.body).toMatchObject({
      status: 409,
      code: "FLAG_DISABLED",
      hint: expect.stringContaining("/restore") as string,
    });
    await server.call("POST /api/v1/environments/production/flags/checkout/restore");
    expect((await server.call("POST /api/v1/rollouts", { body: PLAN, headers: YAML })).status).toBe(201);
  });

  it("is refused for a flag that some users have already", async () => {
    const server = await startRolloutServer();
    await server.call("POST /api/v1/environments/production/flags/checkout/rollout", { body: { percentage: 12.5 } });
    const { body } = await server.call("POST /api/v1/rollouts", { body: PLAN, headers: YAML });
    expect(body).toMatchObject({
      status: 409,
      code: "FLAG_EXPOSED",
      detail: expect.stringContaining("12.5 %") as string,
    });
  });

  it("is refused for a flag that is not boolean", async () => {
    const server = await startRolloutServer();
    await server.call("POST /api/v1/flags", {
      body: { key: "banner", type: "string", variants: { on: "a", off: "b" } },
    });
    const { body } = await server.call("POST /api/v1/rollouts", {
      body: PLAN.replace("flag: checkout", "flag: banner"),
      headers: YAML,
    });
    expect(body).toMatchObject({ status: 400, code: "NOT_BOOLEAN" });
  });

  it("tells everything that is wrong with the plan, by line and column", async () => {
    const server = await startRolloutServer();
    const plan = PLAN.replace("errors < 1%", "erors < 1%").replace("percentage: 50", "percentage: 3");
    const { status, body } = await server.call("POST /api/v1/rollouts", { body: plan, headers: YAML });
    expect([status, body.code]).toEqual([400, "PLAN_INVALID"]);
    expect(body.errors?.map(({ line }) => line)).toEqual([17, 18]);
    expect(body.errors?.[0]).toMatchObject({
      column: expect.any(Number) as number,
      hint: expect.stringContaining("errors") as string,
    });
  });

  it("is refused while a variable of the plan is not set, by its name", async () => {
    const server = await startRolloutServer({ config: { variables: () => undefined } });
    const { body } = await server.call("POST /api/v1/rollouts", { body: PLAN, headers: YAML });
    expect(body).toMatchObject({ code: "PLAN_INVALID" });
    expect(JSON.stringify(body.errors)).toContain("METRICS_URL");
  });

  it("takes a stored plan by its digest, and one of both and no more", async () => {
    const server = await startRolloutServer();
    const { body: plan } = await server.call<{ digest: string }>("POST /api/v1/plans", { body: PLAN, headers: YAML });
    expect(
      (await server.call("POST /api/v1/rollouts", { body: { plan: PLAN, planDigest: plan.digest } })).body.code,
    ).toBe("INVALID_BODY");
    expect((await server.call("POST /api/v1/rollouts", { body: {} })).body.code).toBe("INVALID_BODY");
    expect((await server.call("POST /api/v1/rollouts", { body: { planDigest: "f00" } })).body.code).toBe(
      "PLAN_NOT_FOUND",
    );
    expect((await server.call("POST /api/v1/rollouts", { body: { planDigest: plan.digest } })).status).toBe(201);
  });

  it("takes a token that is good for the plan's environment", async () => {
    const server = await startRolloutServer();
    const { text: token } = await server.token("operator", ["staging"]);
    expect((await server.call("POST /api/v1/rollouts", { body: PLAN, headers: YAML, token })).status).toBe(403);
    expect((await server.call<Page<unknown>>("GET /api/v1/plans")).body.items).toEqual([]);
  });

  it("says what to send when the body is no JSON and no YAML", async () => {
    const server = await startRolloutServer();
    const { status, body } = await server.call("POST /api/v1/rollouts", {
      body: PLAN,
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(status).toBe(415);
    expect(body.hint).toContain("--data-binary");
  });
});

describe("the list of rollouts", () => {
  it("has those that the token is good for, by flag and by whether they are over", async () => {
    const server = await startRolloutServer();
    const first = await server.begin();
    await server.command(first, "cancel");
    const second = await server.begin();
    const list = async (query: string, token = server.admin) =>
      (await server.call<Page<RolloutSummary>>(`GET /api/v1/rollouts${query}`, { token })).body.items.map(
        ({ id }) => id,
      );
    expect(await list("")).toEqual([second, first]);
    expect(await list("?active=true")).toEqual([second]);
    expect(await list("?flag=other")).toEqual([]);
    expect(await list("?environment=production&limit=1")).toEqual([second]);
    const { text: staging } = await server.token("viewer", ["staging"]);
    expect(await list("", staging)).toEqual([]);
    expect((await server.call(`GET /api/v1/rollouts/${second}`, { token: staging })).status).toBe(403);
    expect((await server.call("GET /api/v1/rollouts/f00")).body).toMatchObject({
      status: 404,
      code: "ROLLOUT_NOT_FOUND",
    });
  });
});

describe("what people do to a flag by hand", () => {
  it("ends its rollout at once when it is a kill, and leaves nobody on after a restore", async () => {
    const { server, id } = await startAwaiting();
    expect(
      (await server.call("POST /api/v1/environments/production/flags/checkout/kill", { body: { reason: "smoke" } }))
        .status,
    ).toBe(200);
    const over = await server.rollout(id);
    expect(over).toMatchObject({
      status: "rolledBack",
      percentage: 0,
      cause: { kind: "kill", by: expect.stringContaining("admin") as string },
      allowed: expect.arrayContaining(["acknowledge"]) as unknown,
    });
    await server.call("POST /api/v1/environments/production/flags/checkout/restore");
    expect(await server.exposure()).toBe(0);
  });

  it("ends its rollout at once when it turns the flag off in its configuration", async () => {
    const { server, id } = await startAwaiting();
    await server.call("PATCH /api/v1/environments/production/flags/checkout", { body: { enabled: false } });
    expect(await server.rollout(id)).toMatchObject({ status: "rolledBack", cause: { kind: "kill" } });
  });

  it("ends its rollout at once when it deletes the flag", async () => {
    const { server, id } = await startAwaiting();
    await server.call("DELETE /api/v1/flags/checkout");
    expect(await server.rollout(id)).toMatchObject({ status: "rolledBack", cause: { kind: "deleted" } });
  });

  it("is refused when it is a ramp, with the way out", async () => {
    const { server, id } = await startAwaiting();
    const { status, body } = await server.call("POST /api/features/rollout", {
      body: { feature: "checkout", percentage: 100 },
    });
    expect([status, body.code]).toEqual([409, "FLAG_MANAGED"]);
    expect(body.hint).toContain(id);
    expect(await server.exposure()).toBe(5);
  });

  it("is free again when the rollout is over", async () => {
    const { server, id } = await startAwaiting();
    await server.command(id, "rollback");
    await server.until(id, "rolledBack");
    expect((await server.call("POST /api/v1/environments/production/flags/checkout/restore")).status).toBe(200);
    expect(
      (await server.call("POST /api/features/rollout", { body: { feature: "checkout", percentage: 1 } })).status,
    ).toBe(200);
  });

  it("that deletes a flag in the middle of a rollback does not keep the rollback from its end", async () => {
    const { server, id } = await startAwaiting();
    await server.command(id, "rollback");
    await server.call("DELETE /api/v1/flags/checkout");
    expect((await server.until(id, "rolledBack")).cause).toMatchObject({ kind: "command", subject: "rollback" });
  });
});

describe("editing the plan of a rollout", () => {
  const edited = (from: string, to: string) => ({ body: PLAN.replace(from, to), headers: YAML });

  it("voids approvals, and later approvals must be of the plan as it is now", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    const before = await server.until(id, "running");
    await server.command(id, "approve", {}, { token: server.lead });
    expect((await server.rollout(id)).approvals[0]?.given).toHaveLength(1);
    const { status, body } = await server.call<RolloutOrProblem>(
      `PUT /api/v1/rollouts/${id}/plan`,
      edited("percentage: 50", "percentage: 40"),
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({ percentage: 5, plan: { version: 2 }, approvals: [{ given: [] }] });
    expect((await server.events(id)).slice(-2).map(({ event }) => event)).toEqual(["planEdited", "approvalsVoided"]);
    await server.until(id, "awaiting");
    const stale = await server.command(id, "approve", { planDigest: before.plan.digest }, { token: server.lead });
    expect(stale.body).toMatchObject({ status: 409, code: "PLAN_CHANGED", current: { planDigest: body.plan.digest } });
    const fresh = await server.command(id, "approve", { planDigest: body.plan.digest }, { token: server.lead });
    expect(fresh.body).toMatchObject({ percentage: 40 });
  });

  it("changes nothing when only comments and formatting change", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    await server.command(id, "approve", {}, { token: server.lead });
    const { body } = await server.call<RolloutOrProblem>(
      `PUT /api/v1/rollouts/${id}/plan`,
      edited("spec:", "# the same\nspec:"),
    );
    expect(body).toMatchObject({ plan: { version: 1 }, approvals: [{ given: [{}] }] });
  });

  it("is refused for stages that are open, for another flag, and when all is over", async () => {
    const { server, id } = await startAwaiting();
    const put = async (...change: Parameters<typeof edited>) =>
      (await server.call(`PUT /api/v1/rollouts/${id}/plan`, edited(...change))).body.code;
    expect(await put("percentage: 5,", "percentage: 6,")).toBe("PLAN_EDIT_TOO_LATE");
    expect(await put("flag: checkout", "flag: other")).toBe("PLAN_MISMATCH");
    expect(await put("percentage: 50", "percentage: 500")).toBe("PLAN_INVALID");
    await server.command(id, "rollback");
    await server.until(id, "rolledBack");
    expect(await put("percentage: 50", "percentage: 60")).toBe("PLAN_EDIT_TOO_LATE");
  });
});
