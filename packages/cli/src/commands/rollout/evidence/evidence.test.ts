import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Routes } from "../../../testing/fake-api.ts";
import { temporaryFolder } from "../../../testing/fake-io.ts";
import { BY_ID, FOUND, rolloutSummary, run } from "../../../testing/rollout.ts";

const evidence = { rollout: rolloutSummary({ status: "completed" }), decisions: [] };
const ARCHIVE = Buffer.from([0x50, 0x4b, 0x03, 0x04, 0xff, 0xfe, 0x00, 0x80]);

/** Answers in the format that is asked for, as the server does. */
const routes: Routes = {
  ...FOUND,
  [`GET ${BY_ID}/evidence`]: (response) => {
    const format = new URL(response.req.url ?? "", "http://x").searchParams.get("format");
    response.setHeader("content-type", format === "json" ? "application/json" : "text/markdown");
    response.end(format === "json" ? JSON.stringify(evidence) : format === "zip" ? ARCHIVE : "# Incident report\n");
  },
};

describe("rollout evidence", () => {
  it("is the server's documents, as they are", async () => {
    const { code, stdout } = await run(routes, ["rollout", "evidence", "checkout"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "# Incident report\n" });
  });

  it("is the API's answer as JSON: by option, or by the name of the file that it is written to", async () => {
    expect(JSON.parse((await run(routes, ["rollout", "evidence", "checkout", "--format", "json"])).stdout)).toEqual(
      evidence,
    );
    const file = join(temporaryFolder(), "evidence.json");
    const { stdout, stderr } = await run(routes, ["rollout", "evidence", "checkout", "--out", file]);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: `wrote ${file}\n` });
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(evidence);
  });

  it("is saved byte for byte as an archive, which does not go to a terminal", async () => {
    const file = join(temporaryFolder(), "evidence.zip");
    expect((await run(routes, ["rollout", "evidence", "checkout", "-o", file])).code).toBe(0);
    expect(readFileSync(file)).toEqual(ARCHIVE);
    const refused = await run(routes, ["rollout", "evidence", "checkout", "--format", "zip"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--out evidence.zip");
  });

  it("says when it can't write the file, and when two formats are asked for", async () => {
    const { code, stderr } = await run(routes, ["rollout", "evidence", "checkout", "-o", "/nonexistent/x.md"]);
    expect(code).toBe(1);
    expect(stderr).toContain("can't write /nonexistent/x.md: ENOENT");
    expect((await run(routes, ["rollout", "evidence", "checkout", "--json", "--format", "md"])).code).toBe(2);
  });
});
