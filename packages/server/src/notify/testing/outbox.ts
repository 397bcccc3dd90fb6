import { defaultConfig, defaultVariants } from "@rampart/core";
import type { RolloutState } from "../../domain/rollout/state.ts";
import type { OutboxMessage, RolloutStore } from "../../ports/rollout-store.ts";
import { createMemoryStores } from "../../store/memory-rollout-store.ts";
import { countingRandom, everywhere } from "../../store/testing/fixtures.ts";

/** A store in memory with a rollout `r` and these messages in its outbox. */
export async function storeWith(messages: readonly Partial<OutboxMessage>[], now: number): Promise<RolloutStore> {
  const { store, rollouts } = createMemoryStores({ random: countingRandom() });
  const definition = {
    key: "f",
    type: "boolean" as const,
    description: "",
    variants: defaultVariants("boolean"),
    tags: [],
  };
  const meta = { actor: "a", action: "flag.created", at: now };
  await store.createFlag(definition, everywhere(defaultConfig(definition)), meta);
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
  const outbox = messages.map((message): OutboxMessage => ({ ...MESSAGE, createdAt: now, ...message }));
  await rollouts.createRollout({ ...row, state: {} as RolloutState }, [], { actor: "a", at: now }, { outbox });
  return rollouts;
}

const MESSAGE: Omit<OutboxMessage, "createdAt"> = {
  key: "k",
  rolloutId: "r",
  notify: { kind: "notify", event: "rollback", subject: "rolled back", severity: "P0" },
  channel: "log",
  onlyIncident: false,
  message: { title: "Rolled back: checkout", text: "Rolled back.", facts: [] },
};
