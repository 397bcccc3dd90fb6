import { z } from "@hono/zod-openapi";
import { KEYS_ASKED_MAX, WAIT_MAX_MS } from "../ports/relaying.ts";
import { clientsView } from "./schemas.ts";

const instant = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).openapi({ description: "Epoch milliseconds" });
const revision = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const epoch = z.string().min(1).max(128);
const name = z.string().min(1).max(128);
const instances = z.array(name).max(1_000);

const relay = z
  .object({
    instanceId: z
      .string()
      .regex(/^[\w-]{8,64}$/, "must be 8 to 64 letters, digits, _ and -")
      .openapi({ description: "Random, for the life of the relay's process" }),
    name: z.string().regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits and . _ -"),
  })
  .openapi("Relay");

/** What a relay asks to learn what is stored. */
export const relayQuestion = z
  .object({
    relay,
    from: z
      .object({ epoch, revision })
      .optional()
      .openapi({ description: "What it holds; without it, everything is answered" }),
    waitMs: z.number().int().min(0).max(WAIT_MAX_MS).openapi({ description: "How long to wait for a change" }),
  })
  .openapi("RelayQuestion");

/** What a relay asks of tokens that it was shown. */
export const relayKeys = z
  .object({
    hash: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "must be 64 hex digits")
      .optional(),
    ids: z.array(z.string().max(64)).max(KEYS_ASKED_MAX).default([]),
  })
  .openapi("RelayKeys");

const partClient = z.object({
  instanceId: name,
  sdk: name,
  address: name,
  relay: z.string().max(1_000).optional(),
  revision,
  lastContactAt: instant,
  offAt: instant.optional(),
  afterMs: z.number().min(0).optional(),
});

const receiptsPart = z.object({
  epoch,
  from: revision,
  revision,
  committedAt: instant,
  alreadyOff: z.number().int().min(0),
  clients: z.array(partClient),
  strangers: z.array(z.tuple([name, z.number().min(0)])),
  awaited: instances.optional(),
  heard: instances.optional(),
});

/** Whom a relay has, and who of them applied what. */
export const relayReport = z
  .object({
    relay,
    clients: clientsView.optional(),
    receipts: z.array(receiptsPart).max(64).default([]),
    left: z.boolean().default(false).openapi({ description: "The relay goes; this is all that it knew" }),
  })
  .openapi("RelayReport");
