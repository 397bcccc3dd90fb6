import { z } from "@hono/zod-openapi";

const instant = z.string().openapi({ format: "date-time", example: "2026-01-05T02:00:00.000Z" });
const count = z.number().int();

const totals = {
  variants: z.record(z.string(), count).openapi({ description: "How often each was given", example: { on: 120 } }),
  defaults: count.openapi({
    description: "Callers got their own default: the flag was unknown, of another type, or the user had no key",
  }),
};

/** Hours begin at whole hours of UTC. */
export const evaluationsView = z
  .object({
    flag: z.string(),
    environment: z.string(),
    from: instant,
    to: instant,
    total: count,
    ...totals,
    lastEvaluatedAt: instant.optional(),
    hours: z
      .array(z.object({ at: instant, ...totals }))
      .openapi({ description: "The oldest first; hours without any are left out" }),
  })
  .openapi("Evaluations", { description: "How often a flag was asked for, and what it gave" });
