import { z } from "@hono/zod-openapi";
import { evidenceMarkdown } from "../../domain/evidence/documents/documents.ts";
import { evidenceBundle } from "../evidence-bundle.ts";
import { collectEvidence } from "../evidence.ts";
import type { HttpParts } from "../parts.ts";
import { json, type Reply } from "../reply.ts";
import { RollbackReceipts } from "../rollback-receipts.ts";
import { rolloutFor } from "../rollout-views.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { evidence } from "../schemas-evidence.ts";
import { ROLLOUT_TAG } from "./rollouts.ts";

/** What was kept of a rollout. */
export function evidenceRoute(parts: HttpParts): Route {
  const rollbacks = new RollbackReceipts(parts);
  return route(
    { scope: "rollouts:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/rollouts/{id}/evidence",
      tag: ROLLOUT_TAG,
      summary: "Get the evidence",
      description:
        "The plan, what was measured, who approved and ticked what, what was decided on which grounds, and the whole story. `md`: as documents for people. `zip`: the documents, their data, the audit and a signed list of the files.",
      lane: "admin",
      query: z.strictObject({ format: z.enum(["json", "md", "zip"]).default("json") }),
      answers: {
        200: { description: "The evidence; with `format`, as text/markdown or application/zip", schema: evidence },
      },
      problems: ["ROLLOUT_NOT_FOUND"],
    },
    async ({ grant, params, query }): Promise<Reply> => {
      const running = await rolloutFor(parts, grant, params.id);
      const view = await collectEvidence(parts, rollbacks, running);
      const file = `rollout-${running.row.id}`;
      switch (query.format) {
        case "json":
          return json(200, view);
        case "md":
          return download("text/markdown; charset=utf-8", `${file}.md`, Buffer.from(evidenceMarkdown(view), "utf8"));
        case "zip":
          return download("application/zip", `${file}.zip`, Buffer.from(await evidenceBundle(parts, view)));
      }
    },
  );
}

function download(type: string, name: string, body: Buffer): Reply {
  const headers = {
    "content-type": type,
    "content-disposition": `attachment; filename="${name}"`,
    "cache-control": "no-store",
  };
  return { status: 200, headers, body };
}
