import { request } from "node:http";
import type { ClientTicket } from "@rampart/core";
import { expect, it } from "vitest";
import { openStream } from "../../testing/sse-client.ts";
import { startTestServer } from "../../testing/test-server.ts";

const PRODUCTION = "/api/v1/environments/production/flags";

/** Marks everything that a browser must not hear of. No value, variant or visible key has it. */
const SECRET = "zq";

/** All bytes of an answer, head and body. */
function bytesOf(
  port: number,
  path: string,
  options: { readonly headers: object; readonly body: string },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method: "POST",
        headers: { ...options.headers, "content-type": "application/json" },
      },
      (response) => {
        let text = `${response.statusCode} ${response.rawHeaders.join("\n")}\n`;
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve(text));
      },
    );
    sent.on("error", reject).end(options.body);
  });
}

it("a browser hears of no rule, segment, id, salt, description or hidden flag in a whole session with 50 flags", async () => {
  const server = await startTestServer();
  const must = async (line: string, body?: object): Promise<void> => {
    const { status, text } = await server.call(line, { body });
    if (status >= 300) throw new Error(`${line}: ${text}`);
  };
  for (const name of [`${SECRET}-staff`, `${SECRET}-beta`])
    await must("POST /api/v1/segments", { key: name, description: `${SECRET} people`, included: [`${SECRET}-user-7`] });
  for (let n = 0; n < 50; n++) {
    const isVisible = n % 2 === 0;
    const key = isVisible ? `flag-${n}` : `${SECRET}-hidden-${n}`;
    await must("POST /api/v1/flags", {
      key,
      description: `${SECRET} for the launch`,
      tags: [`${SECRET}-tag`],
      owner: `${SECRET}-team`,
    });
    await must(`PATCH ${PRODUCTION}/${key}`, {
      clientVisible: isVisible,
      leaseMs: 25_000,
      salt: `${SECRET}-salt`,
      targets: { [`${SECRET}-user-1`]: "on", [`${SECRET}-user-2`]: "off" },
      prerequisites: n > 1 && isVisible ? [{ flag: `${SECRET}-hidden-1`, variants: ["on"] }] : [],
      bucketBy: n % 6 === 0 ? `${SECRET}Company` : "targetingKey",
      rules: [
        {
          id: `${SECRET}-rule`,
          description: `${SECRET} rule`,
          clauses: [
            { op: "inSegment", values: [`${SECRET}-staff`] },
            { attribute: `${SECRET}Plan`, op: "in", values: [`${SECRET}-pro`] },
          ],
          serve: { variant: "on" },
        },
      ],
      fallthrough: { percentage: n },
    });
  }
  const key = server.firstTokens?.client ?? "";
  const ann = { context: { targetingKey: "ann" } };
  const body = JSON.stringify(ann);
  const named = { authorization: `Bearer ${key}`, "x-rampart-instance": "tab", "x-rampart-sdk": "browser/1" };
  const ask = (path: string, sent = body): Promise<string> =>
    bytesOf(server.port, path, { headers: named, body: sent });
  const heard: string[] = [];
  const { body: ticket } = await server.call<ClientTicket>("POST /client/v1/tickets", { token: key, body: ann });
  const streams = [
    openStream(server.port, "/client/v1/stream", named, "1.1", ann),
    openStream(server.port, `/client/v1/stream?ticket=${ticket.ticket}`),
  ];
  for (const stream of streams) await stream.next();
  const bulk = await ask("/ofrep/v1/evaluate/flags");
  const notices = openStream(server.port, /\/ofrep\/v1\/stream\?ticket=[\w-]+/.exec(bulk)?.[0] ?? "");
  await notices.head();
  heard.push(bulk, await ask("/client/v1/evaluate"), await ask("/ofrep/v1/evaluate/flags/flag-2"));
  for (const wrong of ["{", "[]", '{"context":[]}', '{"context":{"__proto__":1}}'])
    heard.push(await ask("/client/v1/evaluate", wrong), await ask("/ofrep/v1/evaluate/flags/flag-0", wrong));
  heard.push(await ask("/ofrep/v1/evaluate/flags/flag-0"), await ask("/sdk/v1/ack"), await ask("/api/v1/flags"));
  // Everything that can happen to flags while a page is open.
  await must(`POST ${PRODUCTION}/${SECRET}-hidden-1/rollout`, { percentage: 100 });
  await must(`PATCH /api/v1/segments/${SECRET}-staff`, { included: ["ann"] });
  await must(`PATCH ${PRODUCTION}/flag-10`, { clientVisible: false });
  await must(`PATCH ${PRODUCTION}/flag-10`, { clientVisible: true });
  await must(`POST ${PRODUCTION}/flag-48/kill`);
  await must(`POST ${PRODUCTION}/${SECRET}-hidden-3/kill`);
  await must("DELETE /api/v1/flags/flag-2");
  await must(`PATCH ${PRODUCTION}/flag-4`, { prerequisites: [], fallthrough: { percentage: 100 } });
  for (const stream of streams) {
    await expect.poll(() => stream.body()).toContain('"removed":["flag-2"]');
    await expect.poll(() => /changed\ndata: [^\n]*"flag-4":{"value":true/.test(stream.body())).toBe(true);
    heard.push(await stream.head(), stream.body());
  }
  await expect.poll(() => notices.body()).toContain("refetchEvaluation");
  heard.push(notices.body(), await ask("/client/v1/evaluate"), await ask("/ofrep/v1/evaluate/flags"));
  const all = heard.join("\n");
  expect(all).toContain("flag-24");
  expect(all.toLowerCase().match(new RegExp(`.{0,60}${SECRET}.{0,60}`, "g")) ?? []).toEqual([]);
  expect(all).not.toMatch(/ruleId|"bucket"|"salt"|"targets"|"rules"|"segments"|"description"|"fallthrough"/);
}, 60_000);
