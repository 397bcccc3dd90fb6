import type { FlagConfigView, FlagView, RampView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ cleanUp: afterAll });
});

let made = 0;
/** A new boolean flag's key. */
async function newFlag(more: object = {}): Promise<string> {
  const key = `flag-${(made += 1)}`;
  const { status } = await server.call("POST /api/v1/flags", { body: { key, ...more } });
  expect(status).toBe(201);
  return key;
}
const configPath = (key: string, environment = "production"): string =>
  `/api/v1/environments/${environment}/flags/${key}`;

describe("a flag's definition", () => {
  it("is created with nobody on, in every environment", async () => {
    const { status, body, headers } = await server.call<FlagView>("POST /api/v1/flags", {
      body: {
        key: "shop/checkout",
        description: "The new checkout",
        tags: ["shop"],
        owner: "team-shop",
        expectedEnd: "2026-06-30",
      },
    });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe("/api/v1/flags/shop%2Fcheckout");
    expect(body).toMatchObject({
      key: "shop/checkout",
      type: "boolean",
      variants: { on: true, off: false },
      owner: "team-shop",
    });
    expect(Object.keys(body.environments).toSorted()).toEqual(["development", "production", "staging"]);
    expect(body.environments["production"]).toMatchObject({ enabled: true, percentage: 0, rules: 0, targets: 0 });
  });

  it.each(["shop/checkout", "shop%2Fcheckout"])("is found with its slash encoded or not: %s", async (key) => {
    expect(await server.call<FlagView>(`GET /api/v1/flags/${key}`)).toMatchObject({
      status: 200,
      body: { key: "shop/checkout" },
    });
    expect(await server.call<FlagConfigView>(`GET ${configPath(key)}`)).toMatchObject({
      status: 200,
      body: { key: "shop/checkout" },
    });
    expect(await server.call<RampView>(`POST ${configPath(key)}/rollout`, { body: { percentage: 3 } })).toMatchObject({
      status: 200,
      body: { feature: "shop/checkout" },
    });
  });

  it("can have variants of its own", async () => {
    const { status, body } = await server.call("POST /api/v1/flags", {
      body: { key: "colour", type: "string", variants: { red: "#f00", blue: "#00f" } },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ type: "string", variants: { red: "#f00", blue: "#00f" } });
  });

  it("is refused with every wrong field at once", async () => {
    const { status, body } = await server.call("POST /api/v1/flags", {
      body: { key: "bad\u0007key", type: "colour", tags: "shop" },
    });
    expect(status).toBe(400);
    expect(body.code).toBe("INVALID_BODY");
    expect(body.errors?.map(({ pointer }) => pointer).toSorted()).toEqual(
      expect.arrayContaining(["/key", "/tags", "/type"]),
    );
  });

  it("is refused with a field that does not exist, and says which was meant", async () => {
    const { body } = await server.call("POST /api/v1/flags", { body: { key: "typo", ownr: "me" } });
    expect(body).toMatchObject({
      code: "INVALID_BODY",
      errors: [{ pointer: "/ownr", detail: expect.stringContaining("owner") as string }],
    });
  });

  it("is not created twice", async () => {
    const key = await newFlag();
    expect(await server.call("POST /api/v1/flags", { body: { key } })).toMatchObject({
      status: 409,
      body: { code: "FLAG_EXISTS" },
    });
  });

  it("is changed field by field, and keeps key, type and variants that programs rely on", async () => {
    const key = await newFlag({ description: "before", owner: "me" });
    const { body } = await server.call<FlagView>(`PATCH /api/v1/flags/${key}`, {
      body: { description: "after", owner: null },
    });
    expect(body).toMatchObject({ key, description: "after" });
    expect(body).not.toHaveProperty("owner");
    expect(await server.call(`PATCH /api/v1/flags/${key}`, { body: { type: "string" } })).toMatchObject({
      status: 400,
      body: { code: "INVALID_BODY" },
    });
    expect(await server.call(`PATCH /api/v1/flags/${key}`, { body: { variants: { on: true } } })).toMatchObject({
      status: 400,
    });
  });

  it("leaves a tombstone when it is deleted, and its key is given out again only on request", async () => {
    const key = await newFlag();
    expect(await server.call(`DELETE /api/v1/flags/${key}?reason=done`)).toMatchObject({ status: 200, body: { key } });
    expect(await server.call(`GET /api/v1/flags/${key}`)).toMatchObject({
      status: 404,
      body: { code: "FLAG_NOT_FOUND" },
    });
    expect(await server.call(`PATCH /api/v1/flags/${key}`, { body: {} })).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining("was deleted at") as string },
    });
    expect(await server.call("POST /api/v1/flags", { body: { key } })).toMatchObject({
      status: 409,
      body: { code: "FLAG_DELETED" },
    });
    expect(await server.call("POST /api/v1/flags", { body: { key, reuse: true } })).toMatchObject({ status: 201 });
  });

  it("is not deleted while another flag needs it", async () => {
    const [needed, needing] = [await newFlag(), await newFlag()];
    await server.call(`PATCH ${configPath(needing)}`, {
      body: { prerequisites: [{ flag: needed, variants: ["on"] }] },
    });
    const { status, body } = await server.call(`DELETE /api/v1/flags/${needed}`);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: "IN_USE", detail: expect.stringContaining(needing) as string });
  });

  it("is listed in pages that neither lose nor repeat one, and by tag", async () => {
    const tagged = [
      await newFlag({ tags: ["paging"] }),
      await newFlag({ tags: ["paging"] }),
      await newFlag({ tags: ["paging"] }),
    ];
    const first = await server.call<{ items: FlagView[]; next?: string }>("GET /api/v1/flags?tag=paging&limit=2");
    const second = await server.call<{ items: FlagView[]; next?: string }>(
      `GET /api/v1/flags?tag=paging&limit=2&cursor=${first.body.next}`,
    );
    expect([...first.body.items, ...second.body.items].map(({ key }) => key)).toEqual(tagged.toSorted());
    expect(second.body.next).toBeUndefined();
  });
});

describe("a flag's configuration", () => {
  it("carries its revision as an entity tag, and needs no body when the caller has it", async () => {
    const key = await newFlag();
    const { headers, body } = await server.call<FlagConfigView>(`GET ${configPath(key)}`);
    expect(headers.get("etag")).toBe(`"${body.revision}"`);
    expect(
      await server.call(`GET ${configPath(key)}`, { headers: { "if-none-match": `"${body.revision}"` } }),
    ).toMatchObject({ status: 304, text: "" });
  });

  it("merges targets id by id, and replaces every other field", async () => {
    const key = await newFlag();
    await server.call(`PATCH ${configPath(key)}`, { body: { targets: { anna: "on", bert: "on" } } });
    const rules = [
      {
        id: "germans",
        clauses: [{ attribute: "country", op: "equals", values: ["de"], negate: false }],
        serve: { variant: "on" },
      },
    ];
    const { status, body } = await server.call<FlagConfigView>(`PATCH ${configPath(key)}`, {
      body: { targets: { anna: null, carl: "off" }, rules },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ targets: { bert: "on", carl: "off" }, rules });
    expect(body.targets).not.toHaveProperty("anna");
  });

  it("is not overwritten by somebody who saw an older one: the answer is the difference", async () => {
    const key = await newFlag();
    const seen = (await server.call(`GET ${configPath(key)}`)).headers.get("etag") ?? "";
    expect(
      (
        await server.call(`PATCH ${configPath(key)}`, {
          body: { fallthrough: { percentage: 10 } },
          headers: { "if-match": seen },
        })
      ).status,
    ).toBe(200);
    const { status, body } = await server.call(`PATCH ${configPath(key)}`, {
      body: { fallthrough: { percentage: 20 } },
      headers: { "if-match": seen },
    });
    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: "REVISION_CONFLICT",
      current: { fallthrough: { percentage: 10 } },
      differences: [{ pointer: "/fallthrough/percentage", yours: 20, current: 10 }],
    });
    expect((await server.call<FlagConfigView>(`GET ${configPath(key)}`)).body.fallthrough).toEqual({ percentage: 10 });
  });

  it("lets exactly one of many operators win who change the same revision at once", async () => {
    const key = await newFlag();
    const seen = (await server.call(`GET ${configPath(key)}`)).headers.get("etag") ?? "";
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        server.call(`PATCH ${configPath(key)}`, {
          body: { fallthrough: { percentage: i + 1 } },
          headers: { "if-match": seen },
        }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });

  it.each(["12", 'W/"12"', '"abc"', '"1", "2"'])("refuses an If-Match that is no revision: %s", async (header) => {
    const key = await newFlag();
    expect(await server.call(`PATCH ${configPath(key)}`, { body: {}, headers: { "if-match": header } })).toMatchObject({
      status: 400,
      body: { code: "INVALID_IF_MATCH" },
    });
  });

  it("refuses prerequisites that lead in a circle", async () => {
    const [a, b] = [await newFlag(), await newFlag()];
    await server.call(`PATCH ${configPath(a)}`, { body: { prerequisites: [{ flag: b, variants: ["on"] }] } });
    expect(
      await server.call(`PATCH ${configPath(b)}`, { body: { prerequisites: [{ flag: a, variants: ["on"] }] } }),
    ).toMatchObject({ status: 400, body: { code: "PREREQUISITE_CYCLE" } });
  });

  it("counts nothing as a change that changes nothing", async () => {
    const key = await newFlag();
    const before = await server.call<FlagConfigView>(`GET ${configPath(key)}`);
    const after = await server.call<FlagConfigView>(`PATCH ${configPath(key)}`, {
      body: { fallthrough: { percentage: 0 } },
    });
    expect(after).toMatchObject({ status: 200, body: { revision: before.body.revision } });
  });
});

describe("a ramp", () => {
  it("sets the percentage in one environment, and says what it was", async () => {
    const key = await newFlag();
    const { status, body } = await server.call<RampView>(`POST ${configPath(key)}/rollout`, {
      body: { percentage: 12.5, reason: "canary is fine" },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      feature: key,
      environment: "production",
      percentage: 12.5,
      previousPercentage: 0,
      changed: true,
    });
    expect((await server.call<FlagConfigView>(`GET ${configPath(key, "staging")}`)).body.fallthrough).toEqual({
      percentage: 0,
    });
    const again = await server.call<RampView>(`POST ${configPath(key)}/rollout`, { body: { percentage: 12.5 } });
    expect(again.body).toMatchObject({ changed: false, revision: body.revision });
  });

  it.each([
    [-1, "below 0"],
    [100.5, "above 100"],
    [0.0005, "three decimals"],
    ["5", "not a number"],
    [null, "not a number"],
    [undefined, "missing"],
  ])("refuses the percentage %j, and says what is wrong with it and what is allowed", async (percentage, why) => {
    const key = await newFlag();
    const { status, body } = await server.call(`POST ${configPath(key)}/rollout`, { body: { percentage } });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: "INVALID_PERCENTAGE",
      detail: expect.stringContaining(why) as string,
      hint: expect.stringMatching(/0.*100/) as string,
    });
  });

  it("refuses a field that it does not know, so that a typing error is no ramp", async () => {
    const key = await newFlag();
    expect(
      await server.call(`POST ${configPath(key)}/rollout`, { body: { percentage: 5, percent: 50 } }),
    ).toMatchObject({ status: 400, body: { code: "INVALID_BODY" } });
  });

  it("refuses a flag that is not boolean", async () => {
    expect(await server.call(`POST ${configPath("colour")}/rollout`, { body: { percentage: 5 } })).toMatchObject({
      status: 400,
      body: { code: "NOT_BOOLEAN" },
    });
  });

  it("names the nearest flags when there is none of the name", async () => {
    await newFlag({ key: "sliceB_documents" });
    const { status, body } = await server.call(`POST ${configPath("sliceB_document")}/rollout`, {
      body: { percentage: 5 },
    });
    expect(status).toBe(404);
    expect(body).toMatchObject({ code: "FLAG_NOT_FOUND", suggestions: ["sliceB_documents"] });
  });
});

describe("the short form", () => {
  it("takes what curl sends: JSON that says it is a form, for production", async () => {
    await newFlag({ key: "v1.4.0" });
    const { status, body } = await server.call<RampView>("POST /api/features/rollout", {
      body: '{"feature":"v1.4.0","percentage":1}',
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ feature: "v1.4.0", environment: "production", percentage: 1, changed: true });
  });

  it("takes another environment", async () => {
    const key = await newFlag();
    expect(
      (
        await server.call<RampView>("POST /api/features/rollout", {
          body: { feature: key, percentage: 5, environment: "staging" },
        })
      ).body,
    ).toMatchObject({ environment: "staging" });
    const { status, body } = await server.call("POST /api/features/rollout", {
      body: { feature: key, percentage: 5, environment: "prod" },
    });
    expect(status).toBe(404);
    expect(body).toMatchObject({
      code: "ENVIRONMENT_NOT_FOUND",
      hint: expect.stringContaining("production") as string,
    });
  });

  it("names the nearest flags when there is none of the name", async () => {
    expect(await server.call("POST /api/features/rollout", { body: { feature: "v1.4", percentage: 5 } })).toMatchObject(
      { status: 404, body: { suggestions: ["v1.4.0"] } },
    );
  });
});

describe("a kill", () => {
  it("takes the flag from everybody, needs no body, and can be done again", async () => {
    const key = await newFlag();
    await server.call(`POST ${configPath(key)}/rollout`, { body: { percentage: 50 } });
    const first = await server.call<RampView>(`POST ${configPath(key)}/kill`);
    expect(first).toMatchObject({
      status: 200,
      body: { enabled: false, percentage: 0, previousPercentage: 50, changed: true },
    });
    const second = await server.call<RampView>(`POST ${configPath(key)}/kill`, { body: { reason: "to be sure" } });
    expect(second).toMatchObject({ status: 200, body: { changed: false, revision: first.body.revision } });
  });

  it("never conflicts, whatever If-Match says and whoever else writes", async () => {
    const key = await newFlag();
    const writes = Array.from({ length: 10 }, (_, i) =>
      server.call(`PATCH ${configPath(key)}`, { body: { fallthrough: { percentage: i + 1 } } }),
    );
    const killed = await server.call(`POST ${configPath(key)}/kill`, { headers: { "if-match": '"1"' } });
    await Promise.all(writes);
    expect(killed.status).toBe(200);
    expect((await server.call<FlagConfigView>(`GET ${configPath(key)}`)).body.enabled).toBe(false);
  });

  it("holds against a ramp until the flag is restored, and then everything is as it was", async () => {
    const key = await newFlag();
    await server.call(`PATCH ${configPath(key)}`, {
      body: { targets: { anna: "on" }, fallthrough: { percentage: 25 } },
    });
    await server.call(`POST ${configPath(key)}/kill`);
    expect(await server.call(`POST ${configPath(key)}/rollout`, { body: { percentage: 50 } })).toMatchObject({
      status: 409,
      body: { code: "FLAG_DISABLED" },
    });
    expect(await server.call<RampView>(`POST ${configPath(key)}/restore`)).toMatchObject({
      status: 200,
      body: { enabled: true, percentage: 25, changed: true },
    });
    expect((await server.call<FlagConfigView>(`GET ${configPath(key)}`)).body.targets).toEqual({ anna: "on" });
  });
});
