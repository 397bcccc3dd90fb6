import { createHash, createPublicKey, verify } from "node:crypto";
import type { EvidenceView } from "@rampart/core";
import { strFromU8, unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { ExportVerifier } from "../../domain/audit-export.ts";
import { canonicalJson } from "../../domain/canonical.ts";
import { PLAN, startRolloutServer, type RolloutServer } from "../../testing/rollout-server.ts";

async function rolledBack(): Promise<{ readonly server: RolloutServer; readonly id: string }> {
  const server = await startRolloutServer();
  const id = await server.begin(PLAN);
  await server.until(id, "running");
  await server.pass(30_000);
  server.metrics.values.set("errors", 0.061);
  await server.until(id, "verifying");
  server.metrics.values.set("errors", 0.002);
  await server.until(id, "rolledBack");
  return { server, id };
}

async function bytesOf(server: RolloutServer, path: string): Promise<Uint8Array> {
  const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${server.admin}` } });
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

describe("the evidence of a rollback", () => {
  it("holds what was measured, what the source had answered, and what became of each stage", async () => {
    const { server, id } = await rolledBack();
    const { body } = await server.call<EvidenceView>(`GET /api/v1/rollouts/${id}/evidence`);
    const [errors] = body.series.filter(({ metric }) => metric === "errors");
    expect(errors).toMatchObject({ unit: "ratio", query: "errors", min: 0.001, max: 0.061, last: 0.002 });
    expect(errors?.points.length).toBe(errors?.samples);
    expect(body.stages.map(({ name, outcome }) => [name, outcome])).toEqual([
      ["canary", "stopped"],
      ["half", "notReached"],
      ["full", "notReached"],
    ]);
    const rollback = body.decisions.find(({ what }) => what === "rollback");
    expect(rollback?.answers).toMatchObject([{ metric: "errors", kind: "value", value: 0.061 }]);
    expect(rollback?.answers?.[0]?.answer).toMatch(/^\{"status":"success".*"0\.061"\]\}\]\}\}$/);
    expect(body.rollback).toMatchObject({ rollout: id, legs: { decideMs: expect.any(Number) as number } });
  });

  it("is a report that can be sent on: what, when, why, by whom, how fast, and what is not known", async () => {
    const { server, id } = await rolledBack();
    const { text, headers } = await server.call(`GET /api/v1/rollouts/${id}/evidence?format=md`);
    expect(headers.get("content-type")).toBe("text/markdown; charset=utf-8");
    for (const said of [
      "# Incident report: The new checkout, 2026-",
      "**Stage:** canary (5 % of users)",
      "**Reason:** trigger errors, errors >= 5%, measured 6.1% against 5%, true for 20 s",
      "**Triggered By:** Automatic, by trigger errors",
      "**Recovered:** Yes, 30 s after the flag was off",
      "**Version:** not known to Rampart",
      "| age of the data at the sample | 0 ms |",
      "| decision to commit |",
      "# Deployment: The new checkout - 2026-",
      "**Rollback:** Yes - trigger errors",
      "- errors: 6.1% (0.1% to 6.1% in ",
      "Stages that were not reached: half (50 %), full (100 %).",
      "- [ ] Root cause: not known to Rampart",
    ])
      expect(text).toContain(said);
    expect(text).not.toContain("undefined");
    expect(text).not.toContain("SUCCESS");
  });

  it("is an archive whose signed list names every file with its hash, and whose audit verifies", async () => {
    const { server, id } = await rolledBack();
    const files = unzipSync(await bytesOf(server, `/api/v1/rollouts/${id}/evidence?format=zip`));
    expect(Object.keys(files).toSorted()).toEqual([
      "audit.ndjson",
      "deployment-log.md",
      "evidence.json",
      "evidence.md",
      "incident-report.md",
      "manifest.json",
      "plan.yaml",
      "receipts.csv",
      "series.csv",
    ]);
    const textOf = (name: string): string => strFromU8(files[name] ?? new Uint8Array());
    const { manifest, publicKey, signature } = JSON.parse(textOf("manifest.json")) as {
      manifest: { files: { name: string; sha256: string }[] };
      publicKey: string;
      signature: string;
    };
    for (const { name, sha256 } of manifest.files)
      expect(
        createHash("sha256")
          .update(files[name] ?? "")
          .digest("hex"),
      ).toBe(sha256);
    expect(manifest.files).toHaveLength(8);
    const x = Buffer.from(publicKey, "hex").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    expect(verify(null, Buffer.from(canonicalJson(manifest)), key, Buffer.from(signature, "hex"))).toBe(true);
    const verifier = new ExportVerifier({ publicKey });
    for (const line of textOf("audit.ndjson").match(/[^\n]*\n/g) ?? []) verifier.take(line);
    expect(verifier.end()).toMatchObject({ kind: "intact" });
    expect(textOf("audit.ndjson")).toContain('"action":"flag.rolledBack"');
    expect(textOf("plan.yaml")).toBe(PLAN);
  });
});

describe("the evidence of a rollout that has exposed nobody", () => {
  it("says that there is nothing yet where there is nothing yet", async () => {
    const server = await startRolloutServer();
    const id = await server.begin(PLAN.replace("  stages:", "  preconditions: [{ check: Signed }]\n  stages:"));
    await server.until(id, "preconditions");
    const { text } = await server.call(`GET /api/v1/rollouts/${id}/evidence?format=md`);
    expect(text).toContain("## Decisions\n\nNothing was decided yet.\n");
    expect(text).toContain("- [ ] Signed (before)");
  });
});

describe("the evidence of a completed rollout", () => {
  it("is a record of success, with the stages that passed and who approved", async () => {
    const server = await startRolloutServer();
    const id = await server.begin(PLAN);
    await server.until(id, "awaiting");
    await server.command(id, "approve", {}, { token: server.lead });
    await server.until(id, "running");
    await server.command(id, "tick", { item: "Feedback is good" });
    await server.until(id, "completed");
    const { text } = await server.call(`GET /api/v1/rollouts/${id}/evidence?format=md`);
    for (const said of [
      "# Deployment: SUCCESS, The new checkout",
      "**Stages:** 3/3 PASS",
      "**Rollbacks:** 0",
      "**Rollback:** No",
      "| half | 50 % |",
      "- [x] Feedback is good (half): first administrator",
    ])
      expect(text).toContain(said);
    expect(text).not.toContain("Incident report");
  });
});
