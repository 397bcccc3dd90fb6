import { describe, expect, it } from "vitest";
import { defaultConfig, defaultVariants } from "@rampart/core";
import type { RolloutState } from "../domain/rollout/state.ts";
import type { Logger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import type { Delivery } from "../ports/notifier.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import { createMemoryStores } from "../store/memory-rollout-store.ts";
import { countingRandom, everywhere } from "../store/testing/fixtures.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { backOffMs, TRIES_MAX } from "./back-off.ts";
import { Dispatcher } from "./dispatcher.ts";
import { logMessage } from "./log-notifier.ts";

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
  const rollouts = await storeWith(keys, platform.clock.now());
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
  const dispatcher = new Dispatcher({ ...platform, store: rollouts, notifier, logger, meter: silentMeter });
  dispatcher.start();
  return { platform, rollouts, dispatcher, delivered, tries, lines };
}

async function storeWith(keys: readonly string[], now: number): Promise<RolloutStore> {
  const { store, rollouts } = createMemoryStores({ random: countingRandom() });
  const definition = {
    key: "f",
    type: "boolean" as const,
    description: "",
    variants: defaultVariants("boolean"),
    tags: [],
  };
  await store.createFlag(definition, everywhere(defaultConfig(definition)), {
    actor: "a",
    action: "flag.created",
    at: now,
  });
  const row = {
    id: "r",
    flag: "f",
    environment: "production",
    planName: "p",
    planDigest: "d",
    seq: 0,
    createdAt: now,
    createdBy: "a",
  };
  const outbox = keys.map((key) => ({
    key,
    rolloutId: "r",
    notify: { kind: "notify" as const, event: "rollback" as const, subject: "rolled back", severity: "P0" as const },
    // Each to a channel of its own, unless it says to which: `pager/1`.
    channel: key.split("/")[0] ?? key,
    onlyIncident: false,
    message: { title: "Rolled back: f", text: "Rolled back.", facts: [] },
    createdAt: now,
  }));
  await rollouts.createRollout({ ...row, state: {} as RolloutState }, [], { actor: "a", at: now }, { outbox });
  return rollouts;
}

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
    const rollouts = await storeWith(["a"], 0);
    const [message] = await rollouts.outboxDue(0, 1);
    if (message === undefined) throw new Error("no message");
    logMessage({ debug: push, info: push, warn: push, error: push }, message);
    expect(lines).toEqual([
      [{ key: "a", rollout: "r", event: "rollback", subject: "rolled back", severity: "P0" }, "notification"],
    ]);
  });
});
