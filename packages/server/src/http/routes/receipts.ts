import type { ReceiptsList } from "@rampart/core";
import type { HttpParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { receiptsList, receiptsView } from "../schemas-receipts.ts";

/** Who applied the urgent changes of an environment. */
export function receiptsRoutes(parts: HttpParts, tag: string): readonly Route[] {
  return [listRoute(parts, tag), oneRoute(parts, tag)];
}

function listRoute({ hub }: HttpParts, tag: string): Route {
  return route(
    { scope: "clients:read", reach: "path" },
    {
      method: "get",
      path: "/api/v1/environments/{env}/receipts",
      tag,
      summary: "List the receipts of urgent changes",
      description:
        "Who applied the last kills and rollbacks, and how long it took them; the newest first. This server remembers some twenty; the audit has an entry `receipts.closed` for each.",
      lane: "admin",
      answers: { 200: { description: "The newest urgent changes", schema: receiptsList } },
    },
    ({ grant }) => json(200, { items: hub.receiptsView(grant.environment) ?? [] } satisfies ReceiptsList),
  );
}

function oneRoute({ hub }: HttpParts, tag: string): Route {
  return route(
    { scope: "clients:read", reach: "path" },
    {
      method: "get",
      path: "/api/v1/environments/{env}/receipts/{revision}",
      tag,
      summary: "Get the receipts of one urgent change",
      lane: "admin",
      answers: { 200: { description: "Who applied it, and who is missing", schema: receiptsView } },
      problems: ["RECEIPTS_NOT_FOUND"],
    },
    ({ grant, params }) => {
      const { environment } = grant;
      const all = hub.receiptsView(environment) ?? [];
      const found = all.find(({ revision }) => String(revision) === params.revision);
      if (found !== undefined) return json(200, found);
      const known = all.map(({ revision }) => revision).join(", ");
      return problemReply({
        code: "RECEIPTS_NOT_FOUND",
        detail: `No receipts are kept of revision ${JSON.stringify(params.revision.slice(0, 20))} of ${environment}.`,
        hint:
          known === ""
            ? "Only kills and rollbacks ask for receipts, and a server remembers those since its start; older ones are in the audit."
            : `Receipts are kept of ${known}; older ones are in the audit as receipts.closed.`,
      });
    },
  );
}
