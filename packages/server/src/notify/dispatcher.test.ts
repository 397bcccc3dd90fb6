import { describe, expect, it } from "vitest";
import { soleServer } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import type { Delivery } from "../ports/notifier.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { backOffMs, TRIES_MAX } from "./back-off.ts";
import { Dispatcher } from "./dispatcher.ts";
import { logMessage } from "./log-notifier.ts";
import { storeWith } from "./testing/outbox.ts";

const HOUR_MS = 3_600_000;

/** A store with messages in its outbox, and a dispatcher whose notifier says what it is told to. */
async function startOutbox(answer: (key: string, tries: number) => Delivery | Error, keys: readonly string[] = ["a"]) {
  const platform = manualPlatform();
  const lines: string[] = [];
  const logger: Logger = {
    debug: () => undefined,
    info: (_, message) => void lines.push(message),
    warn: (_, message) => void lines.push(message),
    error: (_, message) => void lines.push(message),
  };
  const rollouts = await storeWith(keys.map(message), platform.clock.now());
  const delivered: string[] = [];
  const tries = new Map<string, number>();
  const notifier = {
    deliver: async ({ key }: { readonly key: string }): Promise<Delivery> => {
      tries.set(key, (tries.get(key) ?? 0) + 1);
      const said = answer(key, tries.get(key) ?? 0);
      if (said instanceof Error) throw said;
      if (said.kind === "delivered") delivered.push(key);
      return said;
    },
  };
  const dispatcher = new Dispatcher({
    ...platform,
    leadership: soleServer,
    store: rollouts,
    notifier,
    logger,
    meter: silentMeter,
  });
  dispatcher.start();
  return { platform, rollouts, dispatcher, delivered, tries, lines };
}

/** Each to a channel of its own, unless it says to which: `pager/1`. */
const message = (key: string) => ({ key, channel: key.split("/")[0] ?? key });

const DELIVERED: Delivery = { kind: "delivered" };
const FAILED: Delivery = { kind: "failed", reason: "503", again: true };

describe("the outbox", () => {
  it("is emptied, each message once", async () => {
    const { platform, rollouts, delivered } = await startOutbox(() => DELIVERED, ["a", "b", "c"]);
    await platform.advance(1000);
    await platform.advance(HOUR_MS);
    expect(delivered).toEqual(["a", "b", "c"]);
    expect((await rollouts.outbox({ limit: 10 })).map(({ status }) => status)).toEqual(["sent", "sent", "sent"]);
  });

  it("tries what failed again, and holds up nothing else by it", async () => {
    const { platform, rollouts, delivered } = await startOutbox(
      (key, tries) => (key === "a" && tries < 3 ? FAILED : DELIVERED),
      ["a", "b"],
    );
    await platform.advance(1000);
    expect(delivered).toEqual(["b"]);
    expect(await rollouts.outbox({ status: "waiting", limit: 10 })).toMatchObject([
      { key: "a", attempts: 1, lastError: "503" },
    ]);
    await platform.advance(10_000);
    expect(delivered).toEqual(["b", "a"]);
  });

  it("hands a rollout's messages to a channel in their order, the next one once the one before is done with", async () => {
    const { platform, delivered } = await startOutbox(
      (key, tries) => (key === "pager/1" && tries < 2 ? FAILED : DELIVERED),
      ["pager/1", "pager/2", "pager/3"],
    );
    await platform.advance(1000);
    expect(delivered).toEqual([]);
    await platform.advance(2000);
    expect(delivered).toEqual(["pager/1", "pager/2", "pager/3"]);
  });

  it("is not delivered twice while the store can't be written, nor asked for without a pause", async () => {
    const { platform, rollouts, delivered, lines } = await startOutbox(() => DELIVERED);
    const { outboxSent } = rollouts;
    rollouts.outboxSent = () => Promise.reject(new Error("disk full"));
    await platform.advance(5000);
    expect(delivered).toEqual(["a"]);
    expect(lines).toEqual(Array.from({ length: 5 }, () => "the outbox can't be read or written"));
    rollouts.outboxSent = outboxSent;
    await platform.advance(1000);
    expect(delivered).toEqual(["a"]);
    expect(await rollouts.outbox({ status: "sent", limit: 10 })).toHaveLength(1);
  });

  it("takes a notifier that throws for one that failed", async () => {
    const { platform, delivered } = await startOutbox((_, tries) => (tries === 1 ? new Error("broken") : DELIVERED));
    await platform.advance(5_000);
    expect(delivered).toEqual(["a"]);
  });

  it("gives a message up after its tries, says so, and keeps it", async () => {
    const { platform, rollouts, tries, lines } = await startOutbox(() => FAILED);
    await platform.advance(2 * HOUR_MS);
    expect(tries.get("a")).toBe(TRIES_MAX);
    expect(await rollouts.outbox({ status: "dead", limit: 10 })).toMatchObject([{ key: "a", lastError: "503" }]);
    expect(lines.at(-1)).toBe("a notification was given up");
  });

  it("does not try what can't work", async () => {
    const { platform, rollouts, tries } = await startOutbox(() => ({
      kind: "failed",
      reason: "no such channel",
      again: false,
    }));
    await platform.advance(HOUR_MS);
    expect(tries.get("a")).toBe(1);
    expect((await rollouts.outbox({ status: "dead", limit: 10 })).length).toBe(1);
  });

  it("is left alone once the dispatcher stopped", async () => {
    const { platform, dispatcher, tries } = await startOutbox(() => DELIVERED);
    await dispatcher.stop();
    await platform.advance(HOUR_MS);
    expect(tries.size).toBe(0);
  });
});

describe("waiting for another try", () => {
  it("takes longer with each failure, up to ten minutes, in the second half of the time by chance", () => {
    expect([1, 2, 3, 10, 11, 18].map((failures) => backOffMs(failures, 1))).toEqual([
      1000, 2000, 4000, 512_000, 600_000, 600_000,
    ]);
    expect(backOffMs(3, 0)).toBe(2000);
  });
});

describe("the log as a notifier", () => {
  it("writes one line with everything that is known of the message", async () => {
    const lines: (readonly [unknown, string])[] = [];
    const push = (fields: unknown, message: string): void => void lines.push([fields, message]);
    const rollouts = await storeWith([{ key: "a" }], 0);
    const [first] = await rollouts.outboxDue(0, 1);
    if (first === undefined) throw new Error("no message");
    logMessage({ debug: push, info: push, warn: push, error: push }, first);
    expect(lines).toEqual([
      [{ key: "a", rollout: "r", event: "rollback", subject: "rolled back", severity: "P0" }, "notification"],
    ]);
  });
});
