import type { AuditEntry, Page } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExportVerifier, type ExportVerdict } from "../../domain/audit-export.ts";
import type { TestServer } from "../../testing/test-server.ts";
import { startTestServer } from "../../testing/test-server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ cleanUp: afterAll });
  await server.call("POST /api/v1/flags", { body: { key: "checkout", reason: "begin" } });
  for (const percentage of [5, 25, 50])
    await server.call("POST /api/features/rollout", {
      body: { feature: "checkout", percentage, reason: `to ${percentage}` },
    });
  await server.call("POST /api/v1/environments/production/flags/checkout/kill", { body: { reason: "it hurts" } });
});

const list = (query: string, token?: string) =>
  server.call<Page<AuditEntry>>(`GET /api/v1/audit${query}`, token === undefined ? {} : { token });

describe("the audit", () => {
  it("says who did what, when and why, newest first", async () => {
    const { body } = await list("?limit=2");
    expect(body.items.map(({ action, reason }) => [action, reason])).toEqual([
      ["flag.killed", "it hurts"],
      ["flag.ramped", "to 50"],
    ]);
    expect(body.items[0]).toMatchObject({
      target: "flag/checkout",
      environment: "production",
      before: { enabled: true },
      after: { enabled: false },
    });
    expect(body.items[0]?.actor).toMatch(/^token:[0-9a-f]{12} \(first administrator\)$/);
  });

  it("pages through to the end either way, without a gap", async () => {
    for (const order of ["newest", "oldest"]) {
      const seen: number[] = [];
      for (let cursor: string | undefined = undefined, pages = 0; pages < 20; pages++) {
        const { body }: { body: Page<AuditEntry> } = await list(
          `?limit=3&order=${order}${cursor === undefined ? "" : `&cursor=${cursor}`}`,
        );
        seen.push(...body.items.map(({ seq }) => seq));
        cursor = body.next;
        if (cursor === undefined) break;
      }
      const all = Array.from({ length: seen.length }, (_, i) => i + 1);
      expect(seen).toEqual(order === "oldest" ? all : all.toReversed());
      expect(seen.length).toBeGreaterThanOrEqual(8);
    }
  });

  it("can be asked for one target, action or environment", async () => {
    expect((await list("?action=flag.killed")).body.items).toHaveLength(1);
    expect((await list("?target=flag/checkout&action=flag.ramped")).body.items).toHaveLength(3);
    expect((await list("?environment=staging&action=flag.ramped")).body.items).toEqual([]);
  });

  it("refuses a query that it does not know", async () => {
    expect(await list("?limit=0")).toMatchObject({
      status: 400,
      body: { code: "INVALID_QUERY", errors: [{ pointer: "/limit" }] },
    });
    expect(await list("?actoin=flag.killed")).toMatchObject({ status: 400, body: { code: "INVALID_QUERY" } });
  });

  const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n/g) ?? [];

  function verified(text: string, publicKey: string): ExportVerdict {
    const verifier = new ExportVerifier({ publicKey });
    for (const line of linesOf(text)) verifier.take(line);
    return verifier.end();
  }

  it("is exported whole, as lines that verify, signed with the key that the server tells", async () => {
    const { headers, text } = await server.call("GET /api/v1/audit/export");
    expect(headers.get("content-type")).toBe("application/x-ndjson");
    const key = await server.call<{ publicKey: string; algorithm: string }>("GET /api/v1/audit/key");
    expect(key.body.algorithm).toBe("Ed25519");
    const verdict = verified(text, key.body.publicKey);
    expect(verdict).toMatchObject({ kind: "intact", signed: { head: { isWhole: true } } });
    expect(verdict.entries).toBeGreaterThanOrEqual(8);
    expect(verified(linesOf(text).slice(0, -2).join(""), key.body.publicKey).kind).toBe("broken");
    expect(server.logs.join("")).toContain(key.body.publicKey);
  });

  it("is exported in part as well, and says that it is a part", async () => {
    const { text } = await server.call("GET /api/v1/audit/export?action=flag.ramped");
    const { body } = await server.call<{ publicKey: string }>("GET /api/v1/audit/key");
    expect(verified(text, body.publicKey)).toMatchObject({
      kind: "intact",
      entries: 3,
      signed: { head: { isWhole: false } },
    });
  });

  it("shows a token that is bound to an environment that one, and no other", async () => {
    const { text } = await server.token("viewer", ["production"]);
    expect((await list("", text)).status).toBe(403);
    expect((await list("?environment=staging", text)).status).toBe(403);
    expect((await list("?environment=production", text)).status).toBe(200);
  });
});
