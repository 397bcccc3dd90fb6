import { z } from "@hono/zod-openapi";
import { EVALUATIONS_KEPT_MS, evaluationsView, HOUR_MS, hourOf } from "../../domain/evaluations.ts";
import type { HttpParts } from "../parts.ts";
import { ProblemError } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { evaluationsView as evaluationsShown } from "../schemas-evaluations.ts";
import { flagMissing } from "./definitions.ts";

/** What is shown when nothing is said. */
const DAY_MS = 24 * HOUR_MS;

/** All that is kept, and the hour that it begins in. */
const SPAN_MAX_MS = EVALUATIONS_KEPT_MS + HOUR_MS;

const instant = z.iso.datetime({ offset: true });

/** How often a flag is asked for, and what it gives. */
export function evaluationsRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:read", reach: "path" },
    {
      method: "get",
      path: "/api/v1/environments/{env}/flags/{key}/evaluations",
      tag: "Flags in an environment",
      summary: "Get how often a flag was asked for",
      description:
        "By hour and variant, by the hour in which it was reported; thirty days are kept. SDKs report what they evaluated every ten seconds; of pages and remote evaluation the server counts the answers that it gave. A flag that was deleted is found here for as long as programs ask for it.",
      lane: "admin",
      query: z.strictObject({
        from: instant.optional().openapi({ description: "Begins with the hour of this instant; a day before `to`" }),
        to: instant.optional().openapi({ description: "Now unless given; thirty days after `from` at most" }),
      }),
      answers: { 200: { description: "The counts", schema: evaluationsShown } },
      problems: ["FLAG_NOT_FOUND"],
    },
    async ({ grant, params: { key }, query }) => {
      const range = rangeOf(query, parts.clock.now());
      const flag = { flag: key, environment: grant.environment };
      const [rows, [lastAt]] = await Promise.all([parts.evaluations.of(flag, range), parts.evaluations.last([flag])]);
      if (lastAt === undefined && (await parts.store.flag(key)) === undefined) return flagMissing(parts, key);
      return json(200, evaluationsView(flag, { ...range, lastAt, rows }), { "cache-control": "no-store" });
    },
  );
}

function rangeOf(
  query: { readonly from?: string | undefined; readonly to?: string | undefined },
  now: number,
): { readonly from: number; readonly to: number } {
  // The hour that begins at this very moment is one of them.
  const to = query.to === undefined ? now + 1 : Date.parse(query.to);
  const from = query.from === undefined ? to - DAY_MS : Date.parse(query.from);
  const refuse = (pointer: string, detail: string): never => {
    throw new ProblemError({
      code: "INVALID_QUERY",
      detail: `${pointer} ${detail}.`,
      hint: "Thirty days are kept; ask for them in one, or for a part.",
      errors: [{ pointer, detail }],
    });
  };
  if (from >= to)
    refuse("/from", `is ${new Date(from).toISOString()}, but must be before ${new Date(to).toISOString()}`);
  if (to - from > SPAN_MAX_MS) refuse("/from", "is more than thirty days before the end");
  return { from: hourOf(from), to };
}
