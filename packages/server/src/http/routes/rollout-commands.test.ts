import { describe, expect, it } from "vitest";
import type { RolloutView } from "@rampart/core";
import { callServer } from "../../testing/test-server.ts";
import { PLAN, startRolloutServer } from "../../testing/rollout-server.ts";

describe("a command", () => {
  it("that is not possible now is refused with those that are", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    const { status, body } = await server.command(id, "resume");
    expect([status, body.code]).toEqual([409, "NOT_ALLOWED_NOW"]);
    expect(body.detail).toContain("resume");
    const { allowed } = await server.rollout(id);
    expect(body.current).toMatchObject({ status: "running", percentage: 5, allowed });
    expect(body.hint).toContain("pause");
  });

  it("to cancel comes too late once users are on, and says to roll back", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "awaiting");
    expect((await server.command(id, "cancel")).body).toMatchObject({
      status: 409,
      code: "ALREADY_EXPOSED",
      hint: "roll it back instead.",
    });
  });

  it("to pause holds the percentage until somebody resumes", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    expect((await server.command(id, "pause", { reason: "lunch" })).body).toMatchObject({
      status: "paused",
      cause: { kind: "command", subject: "pause", reason: "lunch" },
    });
    await server.pass(120_000);
    const held = await server.rollout(id);
    expect(held).toMatchObject({ status: "paused", percentage: 5 });
    expect((await server.command(id, "resume", { reason: "back" })).body.stages[0]?.elapsedMs).toBe(
      held.stages[0]?.elapsedMs,
    );
    expect((await server.events(id)).at(-1)).toMatchObject({ event: "resumed", cause: { reason: "back" } });
  });

  it("to promote ends the stage, and is refused while a trigger is true", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    expect((await server.command(id, "promote")).body.code).toMatch(/NOT_EXPOSED|NOT_ALLOWED_NOW/);
    await server.until(id, "running");
    server.metrics.values.set("errors", 0.06);
    await server.pass(10_000);
    expect((await server.command(id, "promote")).body).toMatchObject({ status: 409, code: "TRIGGER_TRUE" });
    server.metrics.values.set("errors", 0.001);
    await server.pass(10_000);
    expect((await server.command(id, "promote")).body).toMatchObject({ status: "awaiting", stage: { name: "half" } });
  });

  it("to roll back is at 0 % when it is answered, and changes nothing the second time", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "awaiting");
    expect((await server.command(id, "rollback", { reason: "a hunch" })).body).toMatchObject({
      percentage: 0,
      cause: { subject: "rollback", reason: "a hunch" },
    });
    expect(await server.exposure()).toBe(0);
    const events = await server.events(id);
    expect((await server.command(id, "rollback")).status).toBe(200);
    expect((await server.events(id)).filter(({ event }) => event === "rollbackStarted")).toEqual(
      events.filter(({ event }) => event === "rollbackStarted"),
    );
  });

  it("rolls a completed rollout back, as long as nobody else has the flag", async () => {
    const server = await startRolloutServer();
    const short = PLAN.replace(/ {4}- \{ name: half[^\n]*\n {4}- \{ name: full[^\n]*\n/, "");
    const id = await server.begin(short);
    await server.until(id, "completed");
    expect(await server.exposure()).toBe(5);
    expect((await server.command(id, "rollback")).body).toMatchObject({ percentage: 0 });
    const over = await server.until(id, "rolledBack");
    expect(over.endedAt).toBe(over.now);
    expect(await server.exposure()).toBe(0);
  });

  it("to roll back a completed rollout is refused when another one has the flag", async () => {
    const server = await startRolloutServer();
    const short = PLAN.replace(/ {4}- \{ name: half[^\n]*\n {4}- \{ name: full[^\n]*\n/, "");
    const id = await server.begin(short);
    await server.until(id, "completed");
    await server.call("POST /api/features/rollout", { body: { feature: "checkout", percentage: 0 } });
    const other = await server.begin();
    const { status, body } = await server.command(id, "rollback");
    expect([status, body.code]).toEqual([409, "NOT_ALLOWED_NOW"]);
    expect(body.detail).toContain(other);
  });

  it("for an item that is not there names those that are", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    expect((await server.command(id, "tick", { item: "Feedback" })).body).toMatchObject({
      status: 404,
      code: "ITEM_UNKNOWN",
    });
    expect((await server.command(id, "tick")).body.code).toBe("MALFORMED_JSON");
    expect((await server.command("f00", "pause")).body.code).toBe("ROLLOUT_NOT_FOUND");
  });
});

describe("an approval", () => {
  it("takes the role on the token, whatever kind of token it is", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "awaiting");
    const byAdmin = await server.command(id, "approve");
    expect([byAdmin.status, byAdmin.body.code]).toEqual([403, "ROLE_MISSING"]);
    expect(byAdmin.body.detail).toContain("engineering-lead");
    expect((await server.command(id, "approve", { role: "qa" }, { token: server.lead })).body.code).toBe(
      "ROLE_MISSING",
    );
    const { body } = await server.command(id, "approve", { role: "engineering-lead" }, { token: server.lead });
    expect(body.approvals[0]?.given).toMatchObject([{ by: expect.stringContaining("a operator") as string }]);
  });

  it("of a pipeline is refused", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    const { text: token } = await server.token("ci", ["*"], { roles: ["engineering-lead"] });
    expect((await server.command(id, "approve", {}, { token })).body.code).toBe("FORBIDDEN");
    expect((await server.command(id, "pause", {}, { token })).status).not.toBe(403);
  });

  it("needs no role in development mode, where everybody on this machine is everything", async () => {
    const server = await startRolloutServer({ config: { dev: true } });
    const id = await server.begin();
    await server.until(id, "awaiting");
    const { body } = await callServer<RolloutView>(server.url, `POST /api/v1/rollouts/${id}/approve`);
    expect(body).toMatchObject({ percentage: 50, approvals: [{ given: [{ by: "dev" }] }] });
  });

  it("that is rejected pauses, and is asked for again after a resume", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "awaiting");
    expect((await server.command(id, "reject", { reason: "not yet" }, { token: server.lead })).body).toMatchObject({
      status: "paused",
      cause: { kind: "rejection", reason: "not yet" },
    });
    expect((await server.command(id, "resume")).body).toMatchObject({
      status: "awaiting",
      approvals: [{ isOpen: true }],
    });
  });
});
