import { OFREPProvider } from "@openfeature/ofrep-provider";
import type { Client } from "@openfeature/server-sdk";
import { OpenFeature } from "@openfeature/server-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStream } from "../../testing/sse-client.ts";
import type { Answer, TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

const PRODUCTION = "/api/v1/environments/production/flags";
const ANN = { context: { targetingKey: "ann" } };

interface Bulk {
  readonly flags: readonly { readonly key: string }[];
  readonly eventStreams: readonly { readonly type: string; readonly endpoint: { readonly requestUri: string } }[];
}

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer();
});

const flag = async (key: string, patch: object = {}, definition: object = {}): Promise<void> => {
  await server.call("POST /api/v1/flags", { body: { key, ...definition } });
  expect((await server.call(`PATCH ${PRODUCTION}/${key}`, { body: patch })).status).toBe(200);
};
const ramp = (key: string, percentage: number): Promise<unknown> =>
  server.call(`POST ${PRODUCTION}/${key}/rollout`, { body: { percentage } });
const bulk = (token: string, body: unknown = ANN, headers: Record<string, string> = {}): Promise<Answer<Bulk>> =>
  server.call<Bulk>("POST /ofrep/v1/evaluate/flags", { token, body, headers });
const one = (key: string, body: unknown = ANN): Promise<Answer> =>
  server.call(`POST /ofrep/v1/evaluate/flags/${key}`, { token: server.sdkKey, body });

describe("the published OFREP provider, as it is", () => {
  afterEach(() => OpenFeature.clearProviders());

  const clientOf = async (key: string | undefined, header = "authorization"): Promise<Client> => {
    const value = header === "authorization" ? `Bearer ${key ?? ""}` : (key ?? "");
    const provider = new OFREPProvider({ baseUrl: server.url, headers: key === undefined ? [] : [[header, value]] });
    await OpenFeature.setProviderAndWait(provider);
    return OpenFeature.getClient();
  };

  it("sees a change, and a rollback", async () => {
    await flag("new-checkout");
    const client = await clientOf(server.sdkKey);
    const ann = { targetingKey: "ann" };
    expect(await client.getBooleanValue("new-checkout", false, ann)).toBe(false);
    await ramp("new-checkout", 100);
    expect(await client.getBooleanDetails("new-checkout", false, ann)).toMatchObject({
      value: true,
      variant: "on",
      reason: "STATIC",
    });
    await server.call(`POST ${PRODUCTION}/new-checkout/kill`);
    expect(await client.getBooleanDetails("new-checkout", true, ann)).toMatchObject({
      value: false,
      variant: "off",
      reason: "DISABLED",
    });
  });

  it.each(["a/b", "a.b-c_d", "team/app/flag", "constructor"])("finds the flag %s", async (key) => {
    await flag(key, { fallthrough: { percentage: 100 } });
    const client = await clientOf(server.sdkKey);
    expect(await client.getBooleanValue(key, false, { targetingKey: "ann" })).toBe(true);
  });

  it("reads texts, numbers and objects", async () => {
    await flag("text", {}, { type: "string", variants: { x: "X", y: "Y" } });
    await flag("number", {}, { type: "number", variants: { x: 1.5, y: 2 } });
    await flag("object", {}, { type: "json", variants: { x: { a: [1] }, y: {} } });
    const client = await clientOf(server.sdkKey);
    expect(await client.getStringValue("text", "", {})).toBe("X");
    expect(await client.getNumberValue("number", 0, {})).toBe(1.5);
    expect(await client.getObjectValue("object", {}, {})).toEqual({ a: [1] });
  });

  it.each([
    ["a flag that there is none of", "FLAG_NOT_FOUND", "nothing", { targetingKey: "ann" }],
    ["a flag of another type", "TYPE_MISMATCH", "text", { targetingKey: "ann" }],
    ["a context without what the flag needs", "TARGETING_KEY_MISSING", "share", {}],
    ["a context that is too large", "INVALID_CONTEXT", "share", { targetingKey: "ann", a: "x".repeat(17_000) }],
  ])("gives the default and the code for %s", async (_, errorCode, key, context) => {
    await flag("text", {}, { type: "string", variants: { x: "X", y: "Y" } });
    await flag("share", { fallthrough: { percentage: 50 } });
    const client = await clientOf(server.sdkKey);
    expect(await client.getBooleanDetails(key, true, context)).toMatchObject({
      value: true,
      reason: "ERROR",
      errorCode,
    });
  });

  it("sees with a client key only what browsers may see", async () => {
    await flag("seen", { clientVisible: true, fallthrough: { percentage: 100 } });
    await flag("hidden", { fallthrough: { percentage: 100 } });
    const client = await clientOf(server.firstTokens?.client, "X-API-Key");
    expect(await client.getBooleanValue("seen", false, {})).toBe(true);
    expect(await client.getBooleanDetails("hidden", false, {})).toMatchObject({ errorCode: "FLAG_NOT_FOUND" });
  });

  it("gives the default with a key that is none, and is told to wait when it goes on", async () => {
    await flag("a", { fallthrough: { percentage: 100 } });
    const statuses: number[] = [];
    const provider = new OFREPProvider({
      baseUrl: server.url,
      headers: [["authorization", "Bearer rmp_nonsense"]],
      fetchImplementation: async (input: string | URL | Request, init?: RequestInit) => {
        const response = await fetch(input, init);
        statuses.push(response.status);
        return response;
      },
    });
    await OpenFeature.setProviderAndWait(provider);
    const client = OpenFeature.getClient();
    const failed = { value: false, reason: "ERROR", errorCode: "GENERAL" };
    expect(await client.getBooleanDetails("a", false, {})).toMatchObject(failed);
    await Promise.all(Array.from({ length: 60 }, () => bulk("rmp_nonsense")));
    expect(await client.getBooleanDetails("a", false, {})).toMatchObject(failed);
    // It heeds Retry-After, and does not ask again.
    expect(await client.getBooleanDetails("a", false, {})).toMatchObject(failed);
    expect(statuses).toEqual([401, 429]);
    expect((await one("a")).status).toBe(200);
  });
});

describe("one flag by OFREP", () => {
  it("is found by its key as it is and encoded", async () => {
    await flag("a/b");
    for (const path of ["a/b", "a%2Fb"])
      expect(await one(path)).toMatchObject({ status: 200, body: { key: "a/b", value: false, reason: "STATIC" } });
  });

  it.each([
    ["no JSON", "{", "PARSE_ERROR"],
    ["no object", "5", "PARSE_ERROR"],
    ["a context that is none", { context: [1] }, "INVALID_CONTEXT"],
    ["a context that is an id alone", { context: "ann" }, "INVALID_CONTEXT"],
    ["a context that is a number", { context: 5 }, "INVALID_CONTEXT"],
    ["a context with a name that is none", '{"context":{"__proto__":1}}', "INVALID_CONTEXT"],
  ])("answers %s in the protocol's words", async (_, body, errorCode) => {
    await flag("a");
    const headers = { "content-type": "application/json" };
    const failed = { status: 400, body: { key: "a", errorCode } };
    expect(await server.call("POST /ofrep/v1/evaluate/flags/a", { token: server.sdkKey, body, headers })).toMatchObject(
      failed,
    );
  });

  it("that is unknown is a 404 with its code", async () => {
    expect(await one("nothing")).toMatchObject({
      status: 404,
      body: { key: "nothing", errorCode: "FLAG_NOT_FOUND" },
    });
  });

  it("is refused to kinds of tokens that are not for it", async () => {
    const path = "POST /ofrep/v1/evaluate/flags/a";
    expect((await server.call(path, { token: server.admin, body: ANN })).status).toBe(403);
    expect((await server.call(path, { token: undefined, body: ANN })).status).toBe(401);
  });
});

describe("all flags by OFREP", () => {
  it("are evaluated for a server key, those that fail with their code, and stay the same by a 304", async () => {
    await flag("share", { fallthrough: { percentage: 50 } });
    await flag("on", { clientVisible: true, fallthrough: { percentage: 100 } });
    const first = await bulk(server.sdkKey, { context: {} });
    expect(first).toMatchObject({
      status: 200,
      body: {
        flags: [
          { key: "on", value: true, variant: "on", reason: "STATIC", metadata: { revision: 4 } },
          { key: "share", errorCode: "TARGETING_KEY_MISSING" },
        ],
      },
    });
    const tag = first.headers.get("etag") ?? "";
    const again = await server.call(`POST /ofrep/v1/evaluate/flags?flagConfigEtag=${encodeURIComponent(tag)}`, {
      token: server.sdkKey,
      body: { context: {} },
      headers: { "if-none-match": tag },
    });
    expect([again.status, again.text]).toEqual([304, ""]);
    const other = await bulk(server.sdkKey, ANN, { "if-none-match": tag });
    expect(other.status).toBe(200);
    const visible = await bulk(server.firstTokens?.client ?? "");
    expect(visible.body.flags.map(({ key }) => key)).toEqual(["on"]);
  });

  it("name where to hear of changes: once for each address, and only of changes for the context", async () => {
    await flag("a", { clientVisible: true, targets: { bob: "on", cleo: "on" } });
    await flag("b", { clientVisible: true });
    const { body } = await bulk(server.firstTokens?.client ?? "");
    const [stream] = body.eventStreams;
    expect(stream).toMatchObject({ type: "sse", inactivityDelaySec: 120 });
    const path = stream?.endpoint.requestUri ?? "";
    const events = openStream(server.port, path);
    await events.head();
    expect((await server.call(`GET ${path}`, { token: undefined })).status).toBe(401);
    await server.call(`PATCH ${PRODUCTION}/a`, { body: { targets: { bob: null } } });
    await ramp("b", 100);
    await expect.poll(() => events.body()).toContain("refetchEvaluation");
    const frames = events
      .body()
      .split("\n\n")
      .filter((frame) => !frame.startsWith(":") && frame !== "");
    expect(frames).toEqual([
      expect.stringMatching(/^id: \S+:6\nevent: message\ndata: {"type":"refetchEvaluation"}$/) as string,
    ]);
    expect(server.logs.join("")).not.toContain(path.slice(-20));
  });

  it("are asked for again at once by who comes late to the stream", async () => {
    await flag("a", { clientVisible: true });
    const { body } = await bulk(server.firstTokens?.client ?? "");
    await ramp("a", 100);
    const events = openStream(server.port, body.eventStreams[0]?.endpoint.requestUri ?? "");
    expect((await events.next()).data).toEqual({ type: "refetchEvaluation" });
  });
});
