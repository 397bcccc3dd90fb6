import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerProcess, temporaryFolder } from "./harness.ts";

/** Lines as plans have them, run by a shell to the letter: default port, no token, no content type. */
describe("the curl lines of a hand-written plan, against --dev", () => {
  const folder = temporaryFolder();
  const server = new ServerProcess({ port: 4001, dataDir: folder.path, args: ["--dev"] });
  const shell = (line: string) => execFileSync("bash", ["-c", line], { encoding: "utf8" });

  const create = (key: string) =>
    shell(
      `curl -sf -X POST http://localhost:4001/api/v1/flags -H 'content-type: application/json' -d '{"key":"${key}"}'`,
    );

  beforeAll(async () => {
    await server.start();
  });
  afterAll(async () => {
    await server.stop("SIGTERM");
    folder.dispose();
  });

  it("say which names are near while the flag does not exist", () => {
    create("v1.4.1");
    const answer = JSON.parse(
      shell(`curl -s -X POST http://localhost:4001/api/features/rollout -d '{"feature":"v1.4.0","percentage":1}'`),
    ) as {
      status: number;
      suggestions: readonly string[];
    };
    expect(answer.status).toBe(404);
    expect(answer.suggestions).toEqual(["v1.4.1"]);
  });

  it("ramp and roll back once it does", () => {
    create("v1.4.0");
    for (const percentage of [1, 5, 25, 50, 100, 0]) {
      const line = `curl -X POST http://localhost:4001/api/features/rollout \\\n  -d '{"feature":"v1.4.0","percentage":${percentage}}'`;
      expect(JSON.parse(shell(`${line} -s`))).toMatchObject({
        feature: "v1.4.0",
        percentage,
        environment: "production",
      });
    }
  });

  it("read health and metrics where the plan looks for them", () => {
    expect(JSON.parse(shell(`curl -s http://localhost:4001/api/healthz`))).toHaveProperty("version");
    expect(shell("curl -s http://localhost:4001/api/public/metrics.prom")).toContain("# TYPE rampart_");
  });
});
