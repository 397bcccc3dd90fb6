import { AsyncLocalStorage } from "node:async_hooks";
import type { Context, ContextManager, LogRecord, Span } from "@opentelemetry/api";
import { context, logs, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { OpenFeature } from "@openfeature/server-sdk";
import type { TestClient } from "@rampart/core";
import { createTestClient, Ruleset } from "@rampart/core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RampartProvider } from "./openfeature.ts";
import { createTelemetryHook, withTelemetry } from "./opentelemetry.ts";

/** Contexts that follow a function's promises, as those of OpenTelemetry's SDK for Node do. */
class AsyncContexts implements ContextManager {
  readonly #active = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#active.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    next: Context,
    run: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#active.run(next, () => run.call(self as never, ...args));
  }

  bind<T>(_: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#active.disable();
    return this;
  }
}

type Recorded = readonly [name: string, attributes: unknown];

/** A span that keeps its events. */
function spanOf(events: Recorded[], { isRecording = true } = {}): Span {
  const span = trace.wrapSpanContext({ traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 });
  return Object.assign(Object.create(span) as Span, {
    isRecording: () => isRecording,
    addEvent: (name: string, attributes: unknown) => void events.push([name, attributes]),
  });
}

let events: Recorded[];
let client: TestClient;
beforeAll(() => void context.setGlobalContextManager(new AsyncContexts()));
afterAll(async () => {
  context.disable();
  await OpenFeature.clearProviders();
});
beforeEach(() => {
  events = [];
  client = createTestClient({ checkout: true, theme: { dark: true } });
});

const inSpan = <T>(run: () => T, span = spanOf(events)): T => context.with(trace.setSpan(ROOT_CONTEXT, span), run);

describe("a client with telemetry", () => {
  it("puts each evaluation onto the span under way, by the semantic conventions", () => {
    const traced = withTelemetry(client);
    expect(inSpan(() => traced.isEnabled("checkout", "ann"))).toBe(true);
    expect(events).toEqual([
      [
        "feature_flag.evaluation",
        {
          "feature_flag.key": "checkout",
          "feature_flag.provider.name": "rampart",
          "feature_flag.result.reason": "static",
          "feature_flag.result.value": true,
          "feature_flag.version": "1",
        },
      ],
    ]);
  });

  it("names the variant in place of the value where there is one", () => {
    const ruleset = new Ruleset();
    ruleset.replace({
      environment: "production",
      epoch: "e",
      revision: 7,
      digest: "",
      flags: [
        {
          key: "checkout",
          revision: 7,
          type: "boolean",
          variants: { on: true, off: false },
          enabled: false,
          offVariant: "off",
          targets: {},
          rules: [],
          fallthrough: { percentage: 100 },
          salt: "checkout",
          bucketBy: "targetingKey",
          prerequisites: [],
        },
      ],
      segments: [],
    });
    const evaluating = { ...client, evaluate: ruleset.evaluate.bind(ruleset) };
    inSpan(() => withTelemetry(evaluating).variation("checkout", "ann", true));
    expect(events[0]?.[1]).toEqual({
      "feature_flag.key": "checkout",
      "feature_flag.provider.name": "rampart",
      "feature_flag.result.reason": "disabled",
      "feature_flag.result.variant": "off",
      "feature_flag.version": "7",
    });
  });

  it("records errors with their type and message", () => {
    inSpan(() => withTelemetry(client).evaluate("gone", "ann", { a: 1 }));
    expect(events[0]?.[1]).toMatchObject({
      "feature_flag.result.reason": "error",
      "feature_flag.result.value": '{"a":1}',
      "error.type": "flag_not_found",
      "feature_flag.error.message": "the test sets no flag gone",
    });
  });

  it("names nobody unless told to", () => {
    const ask = { id: "ann", email: "ann@example.com" };
    inSpan(() => withTelemetry(client).isEnabled("checkout", ask));
    expect(JSON.stringify(events)).not.toContain("ann");
    inSpan(() => withTelemetry(client, { contextId: true }).isEnabled("checkout", ask));
    expect(events[1]?.[1]).toMatchObject({ "feature_flag.context.id": "ann" });
    expect(JSON.stringify(events)).not.toContain("example.com");
  });

  it("records what run and measure go by, and passes everything else on", async () => {
    const traced = withTelemetry(client);
    expect(inSpan(() => traced.run("checkout", "ann", { on: () => "new", off: () => "old" }))).toBe("new");
    expect(inSpan(() => traced.measure("checkout", "ann").on)).toBe(true);
    expect(events).toHaveLength(2);
    expect((await traced.init()).status).toBe("ready");
    const changed: string[] = [];
    traced.on("change", ({ flags }) => changed.push(...flags));
    client.set("checkout", false);
    expect(changed).toEqual(["checkout"]);
    traced.track("orders", "ann", { value: 2 });
    expect(client.tracked).toEqual([{ metric: "orders", targetingKey: "ann", value: 2 }]);
    await traced.close();
    expect(traced.status().state).toBe("closed");
  });

  it("says nothing without a span, and nothing to one that is not recorded", () => {
    const traced = withTelemetry(client);
    expect(traced.isEnabled("checkout", "ann")).toBe(true);
    expect(inSpan(() => traced.isEnabled("checkout", "ann"), spanOf(events, { isRecording: false }))).toBe(true);
    expect(events).toEqual([]);
  });

  it("writes log records in place of span events where it is given a logger", () => {
    const records: LogRecord[] = [];
    logs.setGlobalLoggerProvider({
      getLogger: () => ({ emit: (each) => void records.push(each), enabled: () => true }),
    });
    const traced = withTelemetry(client, { logger: logs.getLogger("shop") });
    inSpan(() => traced.isEnabled("checkout", "ann"));
    traced.isEnabled("checkout", "ann");
    expect(records.map(({ eventName }) => eventName)).toEqual(["feature_flag.evaluation", "feature_flag.evaluation"]);
    expect(events).toEqual([]);
    logs.disable();
  });
});

describe("the telemetry hook", () => {
  it("records OpenFeature's evaluations, of whatever provider", async () => {
    await OpenFeature.setProviderAndWait(new RampartProvider(client));
    const asked = OpenFeature.getClient().addHooks(createTelemetryHook({ contextId: true }));
    await inSpan(() => asked.getBooleanValue("checkout", false, { targetingKey: "ann" }));
    await inSpan(() => asked.getStringValue("checkout", "blue"));
    expect(events).toEqual([
      [
        "feature_flag.evaluation",
        {
          "feature_flag.key": "checkout",
          "feature_flag.provider.name": "rampart",
          "feature_flag.result.reason": "static",
          "feature_flag.result.value": true,
          "feature_flag.version": "1",
          "feature_flag.context.id": "ann",
        },
      ],
      [
        "feature_flag.evaluation",
        expect.objectContaining({ "feature_flag.result.value": "blue", "error.type": "type_mismatch" }),
      ],
    ]);
  });
});
