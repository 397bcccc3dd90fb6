import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EvidenceView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../testing/fake-io.ts";
import { BY_ID, FOUND, receiptsView, rolloutEvent, rolloutSummary, run } from "../../../testing/rollout.ts";

describe("rollout evidence", () => {
  const evidence: EvidenceView = {
    rollout: rolloutSummary({ status: "completed", percentage: 100, sentence: "Completed at 100 %." }),
    plan: { ...rolloutSummary().plan, text: "kind: RolloutPlan\n# ```\n" },
    approvals: [
      {
        stage: "full",
        by: "bert",
        roles: ["engineering-lead"],
        at: "2026-01-05T11:55:00Z",
        planDigest: "ab".repeat(32),
      },
    ],
    ticks: [{ item: "Logs | metrics kept", by: "anna", at: "2026-01-05T11:56:00Z" }],
    decisions: [
      {
        at: "2026-01-05T11:50:00Z",
        what: "stageDone",
        stage: "canary",
        planDigest: "ab".repeat(32),
        criteria: [{ criterion: "p95 < 500ms", verdict: "pass", value: 0.212, threshold: 0.5, heldMs: 120_000 }],
      },
    ],
    events: [rolloutEvent(1, "stageStarted")],
    rollback: receiptsView(),
  };
  const routes = { ...FOUND, [`GET ${BY_ID}/evidence`]: { body: evidence } };

  it("is a document for people: plan, digest, verdicts, approvals, timeline", async () => {
    const { code, stdout } = await run(routes, ["rollout", "evidence", "checkout"]);
    expect(code).toBe(0);
    expect(stdout).toContain("# New checkout\n");
    expect(stdout).toContain(`| digest (SHA-256) | \`${"ab".repeat(32)}\` |`);
    expect(stdout).toContain("| node-7 | node/0.1.0 | 10.0.0.7 | 4710 |");
    expect(stdout).toContain("## Stage done: canary\n");
    expect(stdout).toContain("| p95 < 500ms | pass | 0.212 | 0.5 | 2m |");
    expect(stdout).toContain("| full | bert | engineering-lead | 2026-01-05 11:55:00 |");
    expect(stdout).toContain("| Logs \\| metrics kept | anna |");
    expect(stdout).toContain("| 2026-01-05 11:59:00 | running | quarter | 25 % | quarter opened at 25 % |");
    expect(stdout).toContain("````yaml\nkind: RolloutPlan\n# ```\n````\n");
  });

  it("is the API's answer as JSON: by option, or by the name of the file that it is written to", async () => {
    expect(JSON.parse((await run(routes, ["rollout", "evidence", "checkout", "--format", "json"])).stdout)).toEqual(
      evidence,
    );
    const file = join(temporaryFolder(), "evidence.json");
    const { stdout, stderr } = await run(routes, ["rollout", "evidence", "checkout", "--output", file]);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: `wrote ${file}\n` });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(evidence);
  });

  it("says when it can't write the file", async () => {
    const { code, stderr } = await run(routes, ["rollout", "evidence", "checkout", "-o", "/nonexistent/x.md"]);
    expect(code).toBe(1);
    expect(stderr).toContain("can't write /nonexistent/x.md: ENOENT");
  });
});
