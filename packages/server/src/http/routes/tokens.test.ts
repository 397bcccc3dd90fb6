import type { CreatedToken, TokenView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { openStream } from "../../testing/sse-client.ts";
import { startTestServer } from "../../testing/test-server.ts";

describe("tokens", () => {
  it("are shown once, kept as a hash, and listed without their text", async () => {
    const server = await startTestServer();
    const created = await server.call<CreatedToken>("POST /api/v1/tokens", {
      body: { kind: "operator", name: "anna", roles: ["engineering-lead"] },
    });
    expect(created.status).toBe(201);
    const { token, id } = created.body;
    expect(token).toMatch(/^rmp_operator_all_/);
    const list = await server.call<{ items: TokenView[] }>("GET /api/v1/tokens");
    expect(list.body.items.find((one) => one.id === id)).toMatchObject({
      kind: "operator",
      name: "anna",
      environments: ["*"],
      roles: ["engineering-lead"],
    });
    expect(list.text).not.toContain(token);
    expect(JSON.stringify(await server.store.tokens())).not.toContain(token);
    expect(JSON.stringify(await server.store.audit({ limit: 100 }))).not.toContain(token);
    expect((await server.call("GET /api/v1/flags", { token })).status).toBe(200);
  });

  it("of SDKs are for exactly one environment that exists", async () => {
    const server = await startTestServer();
    const make = (environments?: readonly string[]) =>
      server.call("POST /api/v1/tokens", {
        body: { kind: "server", name: "shop", ...(environments === undefined ? {} : { environments }) },
      });
    expect(await make()).toMatchObject({ status: 400, body: { errors: [{ pointer: "/environments" }] } });
    expect(await make(["staging", "production"])).toMatchObject({ status: 400 });
    expect(await make(["stagging"])).toMatchObject({ status: 404, body: { suggestions: ["staging"] } });
    expect(await make(["staging"])).toMatchObject({ status: 201 });
  });

  it.each([
    [{ kind: "root", name: "x" }, "/kind"],
    [{ kind: "viewer", name: "" }, "/name"],
    [{ kind: "viewer", name: "x", roles: ["Not A Role"] }, "/roles/0"],
    [{ kind: "viewer", name: "x", expiresAt: "tomorrow" }, "/expiresAt"],
    [{ kind: "viewer", name: "x", colour: "red" }, "/colour"],
  ])("are refused with a body like %j", async (body, pointer) => {
    const server = await startTestServer();
    expect(await server.call("POST /api/v1/tokens", { body })).toMatchObject({
      status: 400,
      body: { code: "INVALID_BODY", errors: [{ pointer }] },
    });
  });

  it("are worthless at once when they are revoked, and their streams are told", async () => {
    const server = await startTestServer();
    const key = await server.token("server", ["production"]);
    const stream = openStream(server.port, "/sdk/v1/stream", { authorization: `Bearer ${key.text}` });
    await stream.nextOf("snapshot");
    expect(await server.call(`DELETE /api/v1/tokens/${key.id}`)).toMatchObject({
      status: 200,
      body: { revokedAt: expect.any(String) as string },
    });
    expect(await stream.nextOf("goodbye")).toMatchObject({ data: { reason: "revoked" } });
    await stream.closed();
    expect(await server.call("GET /sdk/v1/flags", { token: key.text })).toMatchObject({
      status: 401,
      body: { detail: expect.stringContaining("revoked") as string },
    });
    expect(await server.call(`DELETE /api/v1/tokens/${key.id}`)).toMatchObject({ status: 200 });
    expect(await server.call("DELETE /api/v1/tokens/nothing")).toMatchObject({
      status: 404,
      body: { code: "TOKEN_NOT_FOUND" },
    });
  });
});
