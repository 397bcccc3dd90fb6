import type { EvaluationDetails, FlagValue, JsonValue } from "@openfeature/web-sdk";
import { OpenFeature, ProviderEvents, ProviderStatus } from "@openfeature/web-sdk";
import { checkContext, parseSnapshot, Ruleset } from "@rampart/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConformanceCase } from "../../core/src/conformance.contract.ts";
import { conformanceCases } from "../../core/src/conformance.contract.ts";
import { Answers } from "../../server/src/stream/browsers/answers.ts";
import { valuesFor, valuesJson } from "../../server/src/stream/browsers/values.ts";
import { createClient } from "./client.ts";
import { RampartProvider, type RampartProviderOptions } from "./openfeature.ts";
import { createTestClient } from "./test-client.ts";
import { FakePage, FLAG, flagOf, valuesOf } from "./testing/page.ts";
import type { BrowserClient } from "./types.ts";

const EVENTS = [
  ProviderEvents.Ready,
  ProviderEvents.Stale,
  ProviderEvents.Error,
  ProviderEvents.ConfigurationChanged,
] as const;
const ROWS = conformanceCases().get("openfeature") ?? [];

const asked = OpenFeature.getClient();
let page: FakePage;
let events: { readonly event: string; readonly flagsChanged?: readonly string[] }[];

beforeEach(() => {
  page = new FakePage();
  events = [];
  for (const event of EVENTS) {
    OpenFeature.addHandler(event, (details) => {
      const flagsChanged = (details as { readonly flagsChanged?: string[] } | undefined)?.flagsChanged;
      events.push({ event, ...(flagsChanged === undefined ? {} : { flagsChanged }) });
    });
  }
  // Of the provider that was there before.
  events = [];
});
afterEach(async () => {
  OpenFeature.clearHandlers();
  await OpenFeature.clearProviders();
  OpenFeature.clearHooks();
  await OpenFeature.clearContexts();
  page.dispose();
});

const names = (): readonly string[] => events.map(({ event }) => event);

function clientOf(): BrowserClient {
  return createClient({ url: "https://flags.example", clientKey: "key", context: {} });
}

/** What setting a provider came to, once the page has done what it can; `settle` moves the page on. */
async function provide(
  client: BrowserClient,
  options?: RampartProviderOptions,
  settle = () => page.pass(0),
): Promise<string> {
  const begun = OpenFeature.setProviderAndWait(new RampartProvider(client, options)).then(
    () => "ready",
    (error: unknown) => String(error),
  );
  await settle();
  return begun;
}

/** Says values on the newest stream. */
const values = (revision: number, value: boolean): Promise<void> =>
  page.stream.say("values", valuesOf(revision, { [FLAG]: flagOf(value) }));

const on = async (): Promise<void> => {
  await page.pass(0);
  await values(5, true);
};

describe("through OpenFeature's web SDK, the rows of its own suite", () => {
  /** What a server answers for a row's context. */
  function valuesAt({ snapshot, user }: ConformanceCase): object {
    const parsed = parseSnapshot(snapshot);
    const checked = checkContext(user);
    if (!parsed.ok || !checked.ok) throw new Error("this row is not for the wire");
    const ruleset = new Ruleset();
    ruleset.replace(parsed.value);
    const answers = new Answers(ruleset);
    answers.replace(parsed.value.flags.map((each) => ({ ...each, clientVisible: true })));
    const json = valuesJson({ epoch: "e1", revision: 1 }, valuesFor(answers, checked.context, "browser"));
    return JSON.parse(json) as object;
  }

  function detailsOf({ flag, default: value }: ConformanceCase): EvaluationDetails<FlagValue> {
    if (typeof value === "boolean") return asked.getBooleanDetails(flag, value);
    if (typeof value === "string") return asked.getStringDetails(flag, value);
    if (typeof value === "number") return asked.getNumberDetails(flag, value);
    return asked.getObjectDetails(flag, value as JsonValue);
  }

  it.each(ROWS)("$name", async (row) => {
    await OpenFeature.setContext(row.user as Record<string, JsonValue>);
    const begun = await provide(clientOf(), {}, async () => {
      await page.pass(0);
      await page.stream.say("values", valuesAt(row));
    });
    expect(begun).toBe("ready");
    expect(page.calls[0]?.body["context"]).toEqual(row.user);
    const { flagKey, value, variant, reason, errorCode } = detailsOf(row);
    const { ruleId: _, ...expected } = row.expect;
    expect({ flagKey, value, variant, reason, errorCode }).toEqual({ flagKey: row.flag, ...expected });
  });
});

describe("a provider for pages", () => {
  it("is not ready before the first values, and ready with them", async () => {
    const begun = OpenFeature.setProviderAndWait(new RampartProvider(clientOf()));
    expect(asked.providerStatus).toBe("NOT_READY");
    expect(asked.getBooleanDetails(FLAG, false)).toMatchObject({ value: false, errorCode: "PROVIDER_NOT_READY" });
    await on();
    await begun;
    expect(asked.providerStatus).toBe("READY");
    expect(asked.getBooleanDetails(FLAG, false)).toMatchObject({
      value: true,
      flagMetadata: { revision: 5, version: "5" },
    });
    expect(names()).toEqual(["PROVIDER_READY"]);
  });

  it("tells of changed flags", async () => {
    expect(await provide(clientOf(), {}, on)).toBe("ready");
    await page.stream.say("changed", { epoch: valuesOf(6, {}).epoch, revision: 6, flags: { [FLAG]: flagOf(false) } });
    expect(events.slice(1)).toEqual([{ event: "PROVIDER_CONFIGURATION_CHANGED", flagsChanged: [FLAG] }]);
    expect(asked.getBooleanValue(FLAG, true)).toBe(false);
  });

  it("asks for OpenFeature's context, and again when that changes", async () => {
    await OpenFeature.setContext({ targetingKey: "ann", plan: "pro" });
    expect(await provide(clientOf(), {}, on)).toBe("ready");
    expect(page.calls[0]?.body["context"]).toEqual({ targetingKey: "ann", plan: "pro" });
    const changed = OpenFeature.setContext({ targetingKey: "bob" });
    expect(asked.providerStatus).toBe("RECONCILING");
    // What was decided for Ann says nothing about Bob.
    expect(asked.getBooleanValue(FLAG, false)).toBe(false);
    await on();
    await changed;
    expect(page.calls.at(-1)?.body["context"]).toEqual({ targetingKey: "bob" });
    expect(asked.providerStatus).toBe("READY");
    expect(asked.getBooleanValue(FLAG, false)).toBe(true);
  });

  it("keeps the client's own context as long as OpenFeature has none", async () => {
    const client = createClient({ url: "https://flags.example", clientKey: "key", context: "ann" });
    expect(await provide(client, {}, on)).toBe("ready");
    expect(page.calls[0]?.body["context"]).toBe("ann");
  });

  it("gets a proof for each context where the key demands it", async () => {
    await OpenFeature.setContext({ targetingKey: "ann" });
    const sign = async ({ targetingKey }: { readonly targetingKey?: string }) => ({
      expires: 1,
      hash: `hash of ${targetingKey}`,
    });
    expect(await provide(clientOf(), { sign }, on)).toBe("ready");
    expect(page.calls[0]?.body["secure"]).toEqual({ expires: 1, hash: "hash of ann" });
    const refusing = async () => Promise.reject(new Error("not signed in"));
    expect(await provide(clientOf(), { sign: refusing })).toBe("Error: not signed in");
    expect(asked.providerStatus).toBe("ERROR");
  });

  it("is stale while the server is gone, answers all the same, and is ready when it is back", async () => {
    expect(await provide(clientOf(), {}, on)).toBe("ready");
    page.answers.stream = "unreachable";
    await page.stream.end();
    for (let ms = 0; asked.providerStatus === ProviderStatus.READY && ms < 30_000; ms += 100) await page.pass(100);
    expect(asked.providerStatus).toBe("STALE");
    expect(asked.getBooleanValue(FLAG, false)).toBe(true);
    page.answers.stream = "stream";
    await page.nextStream();
    await values(5, true);
    expect(asked.providerStatus).toBe("READY");
    expect(names()).toEqual(["PROVIDER_READY", "PROVIDER_STALE", "PROVIDER_READY"]);
  });

  it("is in error as long as no server answers, and ready once one does", async () => {
    page.answers.stream = "hang";
    const begun = await provide(clientOf(), { timeoutMs: 500 }, () => page.pass(600));
    expect(begun).toBe("Error: the client is connecting");
    expect(asked.providerStatus).toBe("ERROR");
    expect(asked.getBooleanDetails(FLAG, false)).toMatchObject({ value: false, errorCode: "PROVIDER_NOT_READY" });
    page.answers.stream = "stream";
    await page.nextStream();
    await values(5, true);
    expect(asked.providerStatus).toBe("READY");
  });

  it("is fatally wrong with a key that the server refuses", async () => {
    page.answers.stream = 401;
    expect(await provide(clientOf(), {}, () => page.pass(100))).toContain("refused");
    expect(asked.providerStatus).toBe("FATAL");
    expect(asked.getStringDetails("string-flag", "bye")).toMatchObject({ value: "bye", errorCode: "PROVIDER_FATAL" });
  });

  it("serves one domain, since a client has one context", async () => {
    const provider = new RampartProvider(createTestClient());
    await OpenFeature.setProviderAndWait("checkout", provider);
    await expect(OpenFeature.setProviderAndWait("search", provider)).rejects.toThrow("more than one domain");
  });

  it("counts what is tracked, for the client's user", async () => {
    const client = createTestClient({}, "ann");
    expect(await provide(client)).toBe("ready");
    asked.track("orders", { value: 12.5, currency: "EUR" });
    asked.track("uploads", { failed: true });
    expect(client.tracked).toEqual([
      { metric: "orders", targetingKey: "ann", value: 12.5, failed: false },
      { metric: "uploads", targetingKey: "ann", value: undefined, failed: true },
    ]);
  });

  it("reports what is tracked as failed, by cohort", async () => {
    expect(await provide(clientOf(), {}, on)).toBe("ready");
    asked.track("uploads", { failed: true });
    asked.track("uploads", { value: 12 });
    await vi.dynamicImportSettled();
    await page.pass(10_000);
    expect(page.calls.at(-1)).toMatchObject({
      path: "events",
      body: {
        tracks: [{ metric: "uploads", count: 2, sum: 13 }],
        cohorts: [{ flag: FLAG, metric: "uploads", cohort: "on", count: 2, failures: 1 }],
      },
    });
  });

  it("closes its client with OpenFeature", async () => {
    const client = clientOf();
    expect(await provide(client, {}, on)).toBe("ready");
    await OpenFeature.close();
    expect(client.status().state).toBe("closed");
  });
});
