import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { strFromU8, unzipSync } from "fflate";
import { describe, expect, it, onTestFinished } from "vitest";
import { rolloutsOf } from "../../testing/rollout-server.ts";
import { manualPlatform } from "../../testing/manual-platform.ts";
import { startTestServer } from "../../testing/test-server.ts";

/** Kinds of places; each gets its own canaries, in forms that secrets really have. */
const CANARIES = 1_000;
const CANARIES_EACH = 100;

/** Every canary that was handed out. */
class Canaries {
  readonly all: string[] = [];

  /** Never seen before, and of a form that nothing but the test knows. */
  next(): string {
    const number = this.all.length;
    const text = `c4n4ry${number}x${(number * 2_654_435_761 + 97).toString(36)}q7`;
    this.all.push(text);
    return text;
  }

  many(count: number): readonly string[] {
    return Array.from({ length: count }, () => this.next());
  }

  /** The canaries that stand in a text, as they are or encoded. */
  in(text: string): readonly string[] {
    const plain = `${text}\n${decoded(text)}`;
    return this.all.filter((canary) => plain.includes(canary));
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** A source that shows what it was sent, and more, in every field of its answers. */
async function startLeakySource(canaries: Canaries, now: () => number) {
  const answers = { isBad: false, isBroken: false };
  const leaks = canaries.many(CANARIES_EACH);
  const errors = canaries.many(CANARIES_EACH);
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
    incoming.on("end", () => {
      const asked = Buffer.concat(chunks).toString();
      outgoing.setHeader("content-type", "application/json");
      outgoing.setHeader("x-leak", leaks.slice(0, 20).join(" "));
      const echo = { headers: incoming.headers, url: incoming.url, asked, leaks };
      if (incoming.url?.startsWith("/health") === true) {
        outgoing.end(JSON.stringify({ status: "healthy", version: leaks[0], echo }));
      } else if (answers.isBroken && asked.includes("broken")) {
        outgoing.statusCode = 422;
        const error = `parse error in ${asked}: ${errors.join(" ")} "${incoming.headers.authorization}"`;
        outgoing.end(JSON.stringify({ status: "error", errorType: "bad_data", error }));
      } else if (answers.isBroken && asked.includes("several")) {
        const result = errors.slice(0, 2).map((pod) => ({ metric: { user: pod }, value: [now() / 1000, "1"] }));
        outgoing.end(JSON.stringify({ status: "success", data: { resultType: "vector", result } }));
      } else {
        const metric = Object.fromEntries(leaks.map((leak, index) => [index % 2 === 0 ? `label${index}` : leak, leak]));
        const value = [now() / 1000, answers.isBad ? "0.5" : "0.001"];
        const data = { resultType: "vector", result: [{ metric, value }] };
        outgoing.end(JSON.stringify({ status: "success", data, warnings: leaks, infos: [JSON.stringify(echo)] }));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { answers, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("secrets", () => {
  it(`planted ${CANARIES} times, in queries, headers, answers, variables, contexts, reasons and errors, show up nowhere`, async () => {
    const canaries = new Canaries();
    const platform = manualPlatform();
    const source = await startLeakySource(canaries, () => platform.clock.now());
    const variables = new Map(canaries.many(CANARIES_EACH).map((canary, index) => [`SECRET_${index}`, canary]));
    variables.set("SOURCE_URL", source.url);
    const server = await startTestServer({
      platform,
      config: { egressPrivate: true, variables: (name) => variables.get(name), logLevel: "debug" },
    });
    const rollouts = rolloutsOf(server, platform);
    await server.call("POST /api/v1/flags", { body: { key: "checkout" } });
    const names = [...variables.keys()].slice(0, CANARIES_EACH);
    const headers = names.map((name) => `x-${name.toLowerCase().replace("_", "-")}: "\${${name}}"`).join(", ");
    const literal = canaries.many(CANARIES_EACH);
    const written = literal.map(
      (canary, index) => `x-written-${index}: "${index % 2 === 0 ? "Bearer " : ""}${canary}"`,
    );
    const labels = canaries.many(CANARIES_EACH).map((canary, index) => `l${index}="${canary}"`);
    const query = canaries.many(CANARIES_EACH).map((canary, index) => `k${index}=${canary}`);
    const plan = `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout, title: The new checkout }
spec:
  flag: checkout
  environment: production
  interval: 10s
  metrics:
    errors: { prometheus: { url: "\${SOURCE_URL}", query: 'errors{${labels.join(",")}}', headers: { ${headers} } }, unit: ratio }
    health: { http: { url: "\${SOURCE_URL}/health?${query.slice(0, 50).join("&")}", headers: { ${written.join(", ")} }, expect: { status: 200 } } }
    alive: { http: { url: "\${SOURCE_URL}/health?${query.slice(50).join("&")}", expect: { status: 200 } } }
    broken: { prometheus: { url: "\${SOURCE_URL}", query: broken, headers: { authorization: "Bearer \${SECRET_0}" } } }
    several: { prometheus: { url: "\${SOURCE_URL}", query: several } }
  triggers:
    - { name: errors, when: "errors >= 5%", action: rollback, severity: P0 }
    - { name: broken, when: "broken >= 5", action: notify }
    - { name: several, when: "several >= 5", action: notify }
  stages:
    - { name: canary, percentage: 5, duration: 10m, criteria: [ { require: "health >= 99%" } ] }
  rollback: { verify: { within: 30s, criteria: [ { require: "broken < 1" } ] } }
`;
    const id = await rollouts.begin(plan);
    await rollouts.until(id, "running");
    source.answers.isBroken = true;
    for (const canary of canaries.many(CANARIES_EACH))
      await server.call("POST /api/v1/environments/production/evaluate", {
        body: { flagKey: "checkout", flag: "checkout", context: { targetingKey: canary, email: canaries.next() } },
      });
    const reasons = canaries.many(CANARIES_EACH);
    for (let index = 0; index < CANARIES_EACH; index += 4) {
      const [bearer, token, password, address] = reasons.slice(index, index + 4);
      const reason = `curl -H "Authorization: Bearer ${bearer}" api_token=${token} password: "${password}" https://x:${address}@host/?k=${address}`;
      await rollouts.command(id, index % 8 === 0 ? "pause" : "resume", { reason });
      if (index % 20 === 0) platform.advance(0).catch(() => undefined);
    }
    const bad = canaries.many(CANARIES_EACH);
    for (const canary of bad) {
      await server.call("POST /api/v1/plans/validate", { body: `apiVersion: rampart/v1\nsecret: ${canary}` });
      await server.call(`GET /api/v1/rollouts/${canary}`, { token: `rmp_admin_all_${canary}` });
    }
    await rollouts.command(id, "resume", {});
    await rollouts.pass(20_000);
    source.answers.isBad = true;
    await rollouts.until(id, "rolledBack");

    const authorization = { authorization: `Bearer ${server.admin}` };
    const path = `/api/v1/rollouts/${id}/evidence`;
    const zip = await fetch(`${server.url}${path}?format=zip`, { headers: authorization });
    const files = Object.entries(unzipSync(new Uint8Array(await zip.arrayBuffer())));
    const stream = await server.call(`GET /api/v1/rollouts/${id}/events`, { headers: { accept: "application/json" } });
    const shown: readonly (readonly [where: string, text: string])[] = [
      ["evidence as JSON", (await server.call(`GET ${path}`)).text],
      ["evidence as Markdown", (await server.call(`GET ${path}?format=md`)).text],
      ...files.map(([name, bytes]) => [name, strFromU8(bytes)] as const),
      ["the rollout", (await server.call(`GET /api/v1/rollouts/${id}`)).text],
      ["its events", stream.text],
      ["the audit export", (await server.call("GET /api/v1/audit/export")).text],
      ["the outbox", (await server.call("GET /api/v1/outbox")).text],
      ["the metrics", (await server.call("GET /metrics")).text],
      ["the log", server.logs.join("")],
    ];
    expect(canaries.all).toHaveLength(CANARIES);
    expect(
      shown.map(([where, text]) => [where, canaries.in(text)] as const).filter(([, found]) => found.length > 0),
    ).toEqual([]);
    // It was not all left out: what people need is there.
    const markdown = shown[1]?.[1] ?? "";
    expect(markdown).toContain("measured 50% against 5%");
    expect(markdown).toContain('"0.5"');
    expect(files.map(([name]) => name)).toContain("incident-report.md");
  }, 60_000);
});
