import { z } from "@hono/zod-openapi";

const instant = z.string().openapi({ format: "date-time", example: "2026-01-05T02:00:00.000Z" });
const milliseconds = z.number().min(0);
const quantiles = z.object({ p50Ms: milliseconds, p99Ms: milliseconds, maxMs: milliseconds });

const straggler = z
  .object({
    instanceId: z.string(),
    sdk: z.string(),
    address: z.string(),
    relay: z.string().optional().openapi({ description: "The relays that it is behind, the outermost first" }),
    revision: z.number().int().openapi({ description: "What it was last known to have before the change" }),
    lastContactAt: instant,
    offAt: instant.optional().openapi({ description: "From when on its lease keeps it off; missing: it holds none" }),
  })
  .openapi("Straggler");

/** Where the time of a rollback went. */
export const legs = z
  .object({
    dataAgeMs: milliseconds.optional().openapi({ description: "Age of the oldest value that it was decided on" }),
    decideMs: milliseconds
      .optional()
      .openapi({ description: "From asking the metrics, or the command, to the decision" }),
    commitMs: milliseconds.optional().openapi({ description: "From the decision to its being stored" }),
    writeMs: milliseconds.openapi({ description: "From there to the last socket write" }),
    apply: quantiles.optional().openapi({ description: "From there to the clients' having applied it" }),
  })
  .openapi("Legs", { description: "Where the time went. The first three are known for changes of a rollout only." });

/** Who applied one urgent change. */
export const receiptsView = z
  .object({
    environment: z.string(),
    epoch: z.string(),
    revision: z.number().int(),
    flags: z.array(z.string()).openapi({ description: "The flags that the change took back" }),
    rollout: z.string().optional(),
    committedAt: instant,
    verdict: z.enum(["open", "proven", "bounded", "unproven"]).openapi({
      description:
        "`proven`: everybody who could have been on applied it. `bounded`: those who said nothing are off by their leases. `unproven`: neither. `open`: it can still change.",
    }),
    closedAt: instant.optional(),
    expected: z.number().int().openapi({ description: "Clients that could have been on" }),
    acknowledged: z.number().int(),
    alreadyOff: z.number().int().openapi({ description: "Clients whose lease was over before the change" }),
    applied: quantiles.optional().openapi({ description: "From the commit to the clients' having applied it" }),
    boundedAt: instant.optional().openapi({ description: "From when on all who are missing are off by their leases" }),
    stragglers: z
      .array(straggler)
      .openapi({ description: "At most 50 of those who are missing, the longest silent first" }),
    legs,
  })
  .openapi("Receipts");

/** The urgent changes of an environment that the server remembers, the newest first. */
export const receiptsList = z.object({ items: z.array(receiptsView) }).openapi("ReceiptsList");
