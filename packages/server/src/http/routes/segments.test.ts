import type { SegmentView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ cleanUp: afterAll });
});

describe("a segment", () => {
  it("is created, read, changed, listed and deleted", async () => {
    const created = await server.call<SegmentView>("POST /api/v1/segments", {
      body: { key: "testers", included: ["anna"] },
    });
    expect(created).toMatchObject({
      status: 201,
      body: { key: "testers", included: ["anna"], excluded: [], rules: [] },
    });
    expect(await server.call("GET /api/v1/segments/testers")).toMatchObject({ status: 200, body: { key: "testers" } });
    expect(await server.call("PATCH /api/v1/segments/testers", { body: { excluded: ["bert"] } })).toMatchObject({
      status: 200,
      body: { included: ["anna"], excluded: ["bert"] },
    });
    expect(await server.call("GET /api/v1/segments")).toMatchObject({
      status: 200,
      body: { items: [{ key: "testers" }] },
    });
    expect(await server.call("POST /api/v1/segments", { body: { key: "testers" } })).toMatchObject({
      status: 409,
      body: { code: "SEGMENT_EXISTS" },
    });
    expect(await server.call("DELETE /api/v1/segments/testers")).toMatchObject({ status: 200 });
    expect(await server.call("GET /api/v1/segments/testers")).toMatchObject({
      status: 404,
      body: { code: "SEGMENT_NOT_FOUND" },
    });
    expect(await server.call("POST /api/v1/segments", { body: { key: "testers" } })).toMatchObject({
      status: 409,
      body: { code: "SEGMENT_DELETED" },
    });
  });

  it("is refused with a pattern that is none", async () => {
    const rules = [{ clauses: [{ attribute: "mail", op: "matches", values: ["("], negate: false }] }];
    const { status, body } = await server.call("POST /api/v1/segments", { body: { key: "broken", rules } });
    expect(status).toBe(400);
    expect(body.errors?.[0]?.pointer).toBe("/rules/0/clauses/0/values/0");
  });

  it("is not deleted while a rule names it, and the rule finds the users in it", async () => {
    await server.call("POST /api/v1/segments", { body: { key: "staff", included: ["anna"] } });
    await server.call("POST /api/v1/flags", { body: { key: "inside" } });
    const rules = [
      {
        id: "staff",
        clauses: [{ attribute: "targetingKey", op: "inSegment", values: ["staff"], negate: false }],
        serve: { variant: "on" },
      },
    ];
    const patched = await server.call("PATCH /api/v1/environments/production/flags/inside", { body: { rules } });
    expect(patched.status).toBe(200);
    const evaluate = (user: string) =>
      server.call("POST /api/v1/environments/production/evaluate", { body: { flag: "inside", context: user } });
    expect((await evaluate("anna")).body).toMatchObject({ value: true, reason: "TARGETING_MATCH", ruleId: "staff" });
    expect((await evaluate("bert")).body).toMatchObject({ value: false });
    expect(await server.call("DELETE /api/v1/segments/staff")).toMatchObject({ status: 409, body: { code: "IN_USE" } });
  });

  it("that is unknown is answered with the nearest names", async () => {
    await server.call("POST /api/v1/segments", { body: { key: "beta-users" } });
    expect(await server.call("PATCH /api/v1/segments/beta-user", { body: {} })).toMatchObject({
      status: 404,
      body: { suggestions: ["beta-users"] },
    });
  });
});
