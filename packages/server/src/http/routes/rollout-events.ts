import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "@hono/zod-openapi";
import { eventView } from "../../domain/rollout/view/evidence.ts";
import type { EventStream } from "../event-streams.ts";
import { PAGE_MAX } from "../page.ts";
import type { HttpParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json, TAKEN_OVER } from "../reply.ts";
import { rolloutFor } from "../rollout-views.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { pageOf } from "../schemas.ts";
import { rolloutEvent } from "../schemas-rollouts.ts";
import { ROLLOUT_TAG } from "./rollouts.ts";

/** Records that are read and written at a time, so that a long story is never whole in memory. */
const RECORDS_AT_A_TIME = 200;

/** The story of a rollout. */
export function rolloutEventRoutes(parts: HttpParts): readonly Route[] {
  return [
    route(
      { scope: "rollouts:read", reach: "some" },
      {
        method: "get",
        path: "/api/v1/rollouts/{id}/events",
        tag: ROLLOUT_TAG,
        summary: "Follow a rollout",
        description:
          "Server-sent events of the name `record`: what has happened so far, then what happens. `Last-Event-ID` (or `cursor`) goes on after that one. With `accept: application/json` a page of what has happened.",
        lane: "admin",
        query: z.strictObject({
          cursor: z.coerce
            .number()
            .int()
            .min(0)
            .default(0)
            .openapi({ description: "The id of the last event that is known" }),
          limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX).openapi({ description: "Of a page" }),
        }),
        answers: { 200: { description: "The events, the oldest first", schema: pageOf(rolloutEvent) } },
        problems: ["ROLLOUT_NOT_FOUND", "STREAMS_FULL"],
      },
      async ({ grant, params, query, incoming, outgoing }) => {
        await rolloutFor(parts, grant, params.id);
        if (wantsJson(incoming)) return pageReply(parts, params.id, query);
        if (incoming.method === "HEAD")
          return {
            status: 200,
            headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
          };
        const after = Number(incoming.headers["last-event-id"] ?? query.cursor);
        return follow(
          parts,
          { id: params.id, after: Number.isSafeInteger(after) ? after : 0, tokenId: grant.tokenId },
          outgoing,
        );
      },
    ),
  ];
}

function wantsJson({ headers }: IncomingMessage): boolean {
  const accept = headers.accept ?? "";
  return accept.includes("application/json") && !accept.includes("text/event-stream");
}

async function pageReply(
  { rollouts }: HttpParts,
  id: string,
  { cursor, limit }: { readonly cursor: number; readonly limit: number },
): Promise<Reply> {
  const records = await rollouts.rolloutRecords(id, cursor, limit + 1);
  const page = records.slice(0, limit);
  const last = page.at(-1);
  return json(200, { items: page.map(eventView), ...(records.length > limit && last && { next: String(last.id) }) });
}

interface Following {
  readonly id: string;
  /** The last record that the follower has. */
  readonly after: number;
  readonly tokenId: string;
}

function follow(
  { rollouts, runner, eventStreams, logger }: HttpParts,
  { id, after, tokenId }: Following,
  outgoing: ServerResponse,
): Reply | typeof TAKEN_OVER {
  const look = (): void => follower?.look();
  const unsubscribe = runner.subscribe((row) => row.id === id && look());
  const stream = eventStreams.open(outgoing, tokenId, { onBeat: look, onClose: unsubscribe });
  const follower = stream && new Follower({ rollouts, logger, stream, id }, after);
  if (follower === undefined) {
    unsubscribe();
    return problemReply(
      {
        code: "STREAMS_FULL",
        detail: "The server takes no further follower right now.",
        hint: "Poll with accept: application/json.",
      },
      { "retry-after": "10" },
    );
  }
  follower.look();
  return TAKEN_OVER;
}

interface FollowerParts extends Pick<HttpParts, "rollouts" | "logger"> {
  readonly stream: EventStream;
  readonly id: string;
}

/** Somebody who is told a rollout's story. It is read from the store, so that nothing is told twice, left out or out of order. */
class Follower {
  readonly #parts: FollowerParts;
  #last: number;
  #isReading = false;
  #isStale = false;

  constructor(parts: FollowerParts, after: number) {
    this.#parts = parts;
    this.#last = after;
  }

  /** Writes what the follower has not got yet. */
  look(): void {
    this.#isStale = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#catchUp()
      .catch((error: unknown) => {
        this.#parts.logger.warn(
          { rollout: this.#parts.id, err: error },
          "can't read a rollout's events for a follower",
        );
        this.#parts.stream.close();
      })
      .finally(() => {
        this.#isReading = false;
        // Something may have happened after the last look into the store and before this.
        if (this.#isStale && this.#parts.stream.isOpen) this.look();
      });
  }

  async #catchUp(): Promise<void> {
    const { rollouts, stream, id } = this.#parts;
    while (this.#isStale && stream.isOpen) {
      this.#isStale = false;
      const records = await rollouts.rolloutRecords(id, this.#last, RECORDS_AT_A_TIME);
      for (const record of records) {
        stream.send({ id: String(record.id), event: "record", json: JSON.stringify(eventView(record)) });
        this.#last = record.id;
      }
      this.#isStale ||= records.length === RECORDS_AT_A_TIME;
    }
  }
}
