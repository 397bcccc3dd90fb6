import type { EvaluationDetails, FlagValue, Hook, JsonValue } from "@openfeature/server-sdk";
import { OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/server-sdk";
import type { FlagClient } from "@rampart/core";
import { createClientOnPorts, createTestClient } from "@rampart/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ConformanceCase } from "../../core/src/conformance.contract.ts";
import { conformanceCases } from "../../core/src/conformance.contract.ts";
import { createClient } from "./client.ts";
import { RampartProvider } from "./openfeature.ts";
import { createNodePorts } from "./ports.ts";
import { FlagServer } from "./testing/flag-server.ts";
import { deltaOf, FLAG, flagAt, snapshotOf } from "./testing/frames.ts";
import { until, VirtualTime } from "./testing/time.ts";

const EVENTS = [
  ProviderEvents.Ready,
  ProviderEvents.Stale,
  ProviderEvents.Error,
  ProviderEvents.ConfigurationChanged,
] as const;
const ROWS = conformanceCases().get("openfeature") ?? [];

const asked = OpenFeature.getClient();
let events: { readonly event: string; readonly flagsChanged?: readonly string[] }[];

beforeEach(() => {
  events = [];
  for (const event of EVENTS) {
    OpenFeature.addHandler(event, (details) => {
      const flagsChanged = (details as { readonly flagsChanged?: string[] } | undefined)?.flagsChanged;
      events.push({ event, ...(flagsChanged === undefined ? {} : { flagsChanged }) });
    });
  }
});
afterEach(() => OpenFeature.clearHandlers());
afterAll(() => OpenFeature.clearProviders());

const names = (): readonly string[] => events.map(({ event }) => event);

/** Asks in the way of the default's type. */
function detailsOf({ flag, user, default: value }: ConformanceCase): Promise<EvaluationDetails<FlagValue>> {
  const context = user as Record<string, JsonValue>;
  if (typeof value === "boolean") return asked.getBooleanDetails(flag, value, context);
  if (typeof value === "string") return asked.getStringDetails(flag, value, context);
  if (typeof value === "number") return asked.getNumberDetails(flag, value, context);
  return asked.getObjectDetails(flag, value as JsonValue, context);
}

describe("through OpenFeature's server SDK, the rows of its own suite", () => {
  let server: FlagServer;
  beforeAll(async () => {
    server = await new FlagServer(ROWS[0]?.snapshot as never).start();
    await OpenFeature.setProviderAndWait(new RampartProvider(createClient({ url: server.url, sdkKey: "rs_key" })));
  });
  afterAll(async () => {
    await OpenFeature.clearProviders();
    await server.stop();
  });

  it.each(ROWS)("$name", async (row) => {
    const { flagKey, value, variant, reason, errorCode } = await detailsOf(row);
    const { ruleId: _, ...expected } = row.expect;
    expect({ flagKey, value, variant, reason, errorCode }).toEqual({ flagKey: row.flag, ...expected });
  });

  it("says at which revision, and which rule decided", async () => {
    const { flagMetadata } = await asked.getStringDetails("context-aware", "", { customer: "false" });
    expect(flagMetadata).toEqual({ revision: 1, version: "1", ruleId: "no-customer" });
  });

  it("leaves the context as it is", async () => {
    const context = { email: "ballmer@macrosoft.com", nested: { a: [1] } };
    await asked.getBooleanDetails("boolean-targeted-zero-flag", true, context);
    expect(context).toEqual({ email: "ballmer@macrosoft.com", nested: { a: [1] } });
  });

  it("runs hooks around an evaluation, a failed one too", async () => {
    const ran: string[] = [];
    const hookOf = (name: string): Hook => ({
      before: () => void ran.push(`before ${name}`),
      after: () => void ran.push(`after ${name}`),
      error: () => void ran.push(`error ${name}`),
      finally: (_, { reason, errorCode }) => void ran.push(`finally ${name} ${reason} ${errorCode ?? "-"}`),
    });
    const own = OpenFeature.getClient().addHooks(hookOf("client"));
    const options = { hooks: [hookOf("call")] };
    await own.getBooleanDetails("boolean-flag", false, {}, options);
    expect(ran.splice(0).join(", ")).toBe(
      "before client, before call, after call, after client, finally call STATIC -, finally client STATIC -",
    );
    await own.getStringDetails("missing-flag", "uh-oh", {}, options);
    expect(ran.slice(0, 4).join(", ")).toBe("before client, before call, error call, error client");
    expect(ran.slice(4)).toEqual(["finally call ERROR FLAG_NOT_FOUND", "finally client ERROR FLAG_NOT_FOUND"]);
  });
});

describe("tracking", () => {
  afterEach(() => OpenFeature.clearProviders());

  it("counts for the user, with a numeric value and whether it failed", async () => {
    const client = createTestClient();
    await OpenFeature.setProviderAndWait(new RampartProvider(client));
    asked.track("orders", { targetingKey: "ann" }, { value: 12.5, currency: "EUR" });
    asked.track("uploads", { targetingKey: "bob" }, { failed: true });
    expect(client.tracked).toEqual([
      { metric: "orders", targetingKey: "ann", value: 12.5, failed: false },
      { metric: "uploads", targetingKey: "bob", value: undefined, failed: true },
    ]);
  });
});

describe("a provider", () => {
  let server: FlagServer;
  let time: VirtualTime;
  let client: FlagClient;

  beforeEach(async () => {
    server = await new FlagServer(snapshotOf(flagAt(5))).start();
    time = new VirtualTime();
    client = createClientOnPorts(
      { ...createNodePorts(), ...time.ports },
      { url: server.url, sdkKey: "rs_key", sdk: "node/test", instanceId: "i-1" },
    );
  });
  afterEach(async () => {
    const closing = OpenFeature.clearProviders();
    time.advance(2_000);
    await closing;
    await server.stop();
  });

  it("is not ready before the first values, and ready with them", async () => {
    const begun = OpenFeature.setProviderAndWait(new RampartProvider(client));
    expect(asked.providerStatus).toBe("NOT_READY");
    const details = await asked.getBooleanDetails(FLAG, false, { targetingKey: "u" });
    expect(details).toMatchObject({ value: false, reason: "ERROR", errorCode: "PROVIDER_NOT_READY" });
    await begun;
    expect(asked.providerStatus).toBe("READY");
    expect(names()).toEqual(["PROVIDER_READY"]);
    expect(await asked.getBooleanValue(FLAG, false, { targetingKey: "u" })).toBe(true);
    expect(asked.metadata.providerMetadata.name).toBe("rampart");
  });

  it("tells of changed flags, once each", async () => {
    await OpenFeature.setProviderAndWait(new RampartProvider(client));
    server.stream.send("delta", deltaOf(flagAt(6, { killed: true }), { urgent: true }));
    await until(() => events.length === 2, "a change");
    expect(events[1]).toEqual({ event: "PROVIDER_CONFIGURATION_CHANGED", flagsChanged: [FLAG] });
    expect(await asked.getBooleanDetails(FLAG, true, { targetingKey: "u" })).toMatchObject({
      value: false,
      variant: "off",
      reason: "DISABLED",
      flagMetadata: { revision: 6 },
    });
  });

  it("is stale while the server is gone, answers all the same, and is ready when it is back", async () => {
    await OpenFeature.setProviderAndWait(new RampartProvider(client));
    await server.stop();
    await time.advanceUntil(() => asked.providerStatus === ProviderStatus.STALE, "staleness");
    expect(await asked.getBooleanValue(FLAG, false, { targetingKey: "u" })).toBe(true);
    await server.start();
    await time.advanceUntil(() => asked.providerStatus === ProviderStatus.READY, "readiness");
    expect(names()).toEqual(["PROVIDER_READY", "PROVIDER_STALE", "PROVIDER_READY"]);
  });

  it("is in error as long as no server answers, and ready once one does", async () => {
    await server.stop();
    const begun = OpenFeature.setProviderAndWait(new RampartProvider(client, { timeoutMs: 500 }));
    const failed = expect(begun).rejects.toThrow("no answer from");
    await time.advanceUntil(() => asked.providerStatus === ProviderStatus.ERROR, "an error");
    await failed;
    expect(await asked.getBooleanDetails(FLAG, false)).toMatchObject({ value: false, errorCode: "PROVIDER_NOT_READY" });
    await server.start();
    await time.advanceUntil(() => asked.providerStatus === ProviderStatus.READY, "readiness");
    expect(names()).toEqual(["PROVIDER_ERROR", "PROVIDER_CONFIGURATION_CHANGED", "PROVIDER_READY"]);
  });

  it("is stale, not ready, with values from before and no server", async () => {
    await server.stop();
    client = createClientOnPorts(
      { ...createNodePorts(), ...time.ports },
      {
        url: server.url,
        sdkKey: "rs_key",
        sdk: "node/test",
        instanceId: "i-1",
        bootstrap: server.snapshot,
      },
    );
    void OpenFeature.setProviderAndWait(new RampartProvider(client));
    await time.advanceUntil(() => asked.providerStatus === ProviderStatus.STALE, "staleness");
    expect(names()).toEqual(["PROVIDER_READY", "PROVIDER_STALE"]);
    expect(await asked.getBooleanValue(FLAG, false, { targetingKey: "u" })).toBe(true);
  });

  it("is fatally wrong with a key that the server refuses from the start", async () => {
    server.onStream = (_, response) => void response.writeHead(401).end();
    server.onFlags = server.onStream;
    const begun = OpenFeature.setProviderAndWait(new RampartProvider(client));
    await expect(begun).rejects.toMatchObject({ code: "PROVIDER_FATAL" });
    expect(asked.providerStatus).toBe("FATAL");
    expect(await asked.getStringDetails("string-flag", "bye")).toMatchObject({
      value: "bye",
      reason: "ERROR",
      errorCode: "PROVIDER_FATAL",
    });
  });

  it("keeps its values, in error, when the key is refused later", async () => {
    await OpenFeature.setProviderAndWait(new RampartProvider(client));
    server.onStream = (_, response) => void response.writeHead(401).end();
    server.onFlags = server.onStream;
    server.stream.cut();
    await time.advanceUntil(() => asked.providerStatus === ProviderStatus.ERROR, "an error");
    expect(await asked.getBooleanValue(FLAG, false, { targetingKey: "u" })).toBe(true);
  });

  it("closes its client with OpenFeature, and says nothing more", async () => {
    await OpenFeature.setProviderAndWait(new RampartProvider(client));
    const closing = OpenFeature.close();
    time.advance(2_000);
    await closing;
    expect(client.status().state).toBe("closed");
    expect(names()).toEqual(["PROVIDER_READY"]);
  });
});
