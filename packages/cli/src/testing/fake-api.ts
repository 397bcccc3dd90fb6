import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { EvaluationsView, FlagConfigView, FlagView, RampView } from "@rampart/core";

/** A request as it came in. */
export interface Seen {
  /** `GET /api/v1/flags?limit=1`. */
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** What to answer: JSON with a status, or anything by hand. */
export type Reply =
  | { readonly status?: number; readonly body?: unknown; readonly headers?: { readonly [name: string]: string } }
  | ((response: ServerResponse) => void);

/** Method and path without the query → the answer, or the answers in turn (the last one stays). */
export type Routes = { readonly [route: string]: Reply | readonly Reply[] };

/** A server that gives canned answers and keeps what it was asked. It goes away with the test. */
export async function fakeApi(routes: Routes): Promise<{ readonly url: string; readonly seen: readonly Seen[] }> {
  const seen: Seen[] = [];
  const turns = new Map<string, number>();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    seen.push({
      line: `${request.method} ${request.url}`,
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    });
    const route = `${request.method} ${request.url?.split("?")[0]}`;
    const turn = turns.get(route) ?? 0;
    turns.set(route, turn + 1);
    const found = routes[route];
    const reply = Array.isArray(found)
      ? (found as readonly Reply[])[Math.min(turn, found.length - 1)]
      : (found as Reply | undefined);
    if (typeof reply === "function") return reply(response);
    const { status, body, headers } = reply ?? notRouted(route);
    response.writeHead(status ?? 200, { "content-type": "application/json", ...headers });
    response.end(body === undefined ? "" : JSON.stringify(body));
  }
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function notRouted(route: string): Exclude<Reply, (response: ServerResponse) => void> {
  return {
    status: 599,
    body: {
      type: "about:blank",
      title: "no such route",
      status: 599,
      code: "TEST",
      detail: `the test has no answer for ${route}`,
    },
  };
}

/** A problem document. */
export function problem(status: number, code: string, more: object = {}): Reply {
  return {
    status,
    body: { type: "about:blank", title: code, status, code, detail: `${code} happened`, ...more },
    headers: { "content-type": "application/problem+json" },
  };
}

/** A boolean flag at 25 % in production and off in staging. */
export function flagView(more: Partial<FlagView> = {}): FlagView {
  return {
    key: "checkout",
    type: "boolean",
    description: "The new checkout",
    variants: { on: true, off: false },
    tags: ["shop", "q1"],
    owner: "team-shop",
    createdAt: "2026-01-01T12:00:00.000Z",
    updatedAt: "2026-01-05T11:57:00.000Z",
    environments: {
      production: {
        enabled: true,
        percentage: 25,
        rules: 1,
        targets: 2,
        revision: 42,
        lastEvaluatedAt: "2026-01-05T11:58:00.000Z",
      },
      staging: { enabled: false, percentage: 0, rules: 0, targets: 0, revision: 7 },
    },
    ...more,
  };
}

/** That flag's configuration in production. */
export function configView(more: Partial<FlagConfigView> = {}): FlagConfigView {
  return {
    key: "checkout",
    environment: "production",
    enabled: true,
    offVariant: "off",
    targets: { anna: "on" },
    rules: [
      {
        id: "germans",
        clauses: [{ attribute: "country", op: "in", values: ["de", "at"], negate: false }],
        serve: { variant: "on" },
      },
    ],
    fallthrough: { percentage: 25 },
    salt: "checkout",
    bucketBy: "targetingKey",
    prerequisites: [],
    clientVisible: false,
    revision: 42,
    updatedAt: "2026-01-05T11:57:00.000Z",
    updatedBy: "token:1 (anna)",
    ...more,
  };
}

/** The answer to a ramp from 5 to 25 %. */
export function rampView(more: Partial<RampView> = {}): RampView {
  return {
    feature: "checkout",
    environment: "production",
    enabled: true,
    percentage: 25,
    previousPercentage: 5,
    revision: 43,
    changed: true,
    at: "2026-01-05T12:00:00.000Z",
    ...more,
  };
}

/** What it gave there in a day. */
export function evaluationsView(more: Partial<EvaluationsView> = {}): EvaluationsView {
  return {
    flag: "checkout",
    environment: "production",
    from: "2026-01-04T12:00:00.000Z",
    to: "2026-01-05T12:00:00.000Z",
    total: 12_303,
    variants: { on: 3_204, off: 9_096 },
    defaults: 3,
    lastEvaluatedAt: "2026-01-05T11:58:00.000Z",
    hours: [{ at: "2026-01-05T11:00:00.000Z", variants: { on: 3_204, off: 9_096 }, defaults: 3 }],
    ...more,
  };
}
