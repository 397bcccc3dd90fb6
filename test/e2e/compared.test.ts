import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { EvidenceView, RolloutView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api, eventually, freePort, ServerProcess, temporaryFolder } from "./harness.ts";

const planOf = (flag: string): string => `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag} }
spec:
  flag: ${flag}
  environment: production
  interval: 1s
  metrics:
    failing: { sdk: { measure: error_rate, cohort: on, window: 5s, minEvents: 20 } }
  triggers:
    - { name: errors, when: "failing >= 10%", for: 8s, action: rollback, severity: P0 }
    - { name: regression, compare: failing, action: rollback, severity: P0 }
  stages:
    - { name: canary, percentage: 20, duration: 5m }
    - { name: half, percentage: 50, duration: 5m }
`;

/** Users of a flag, served by two real SDK clients in a process of their own. */
async function serve(server: ServerProcess, flag: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("measured-process.mjs", import.meta.url));
  const options = { url: server.url, sdkKey: server.tokens().server, flag, clients: 2 };
  const child = fork(program, [JSON.stringify(options)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

describe("a rollout that compares users with and without the flag", () => {
  const folder = temporaryFolder();
  const services: ChildProcess[] = [];
  let server: ServerProcess;

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
  });

  afterAll(async () => {
    for (const service of services) {
      const exit = once(service, "exit");
      service.disconnect();
      await exit;
    }
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  /** A rollout whose users are seen with and without the flag, and what makes their calls fail. */
  async function exposed(flag: string) {
    await api(server, "POST", "/api/v1/flags", { key: flag });
    const service = await serve(server, flag);
    services.push(service);
    const { id } = (await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: planOf(flag) })).body;
    const view = async (): Promise<RolloutView> =>
      (await api<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;
    await eventually(async () => (await view()).comparisons[0]?.standing === "compared", 30_000);
    return { id, view, fail: (share: { readonly on: number; readonly off: number }) => void service.send(share) };
  }

  it("rolls back within seconds when only users with the flag fail, and shows why", { timeout: 90_000 }, async () => {
    const { id, view, fail } = await exposed("harmful");
    fail({ on: 0.3, off: 0 });
    await eventually(async () => (await view()).percentage === 0, 20_000);
    const { cause, comparisons, triggers } = await view();
    expect(cause).toMatchObject({ kind: "trigger", subject: "regression", attribution: "flag" });
    expect(cause?.comparison).toMatch(/^failing: \d+ users with failures in the 20 % vs \d+ in control.* · odds ×/);
    expect(comparisons).toMatchObject([{ metric: "failing", line: cause?.comparison }]);
    expect(triggers.find(({ name }) => name === "regression")?.firedAt).toBeDefined();
    const evidence = (await api<EvidenceView>(server, "GET", `/api/v1/rollouts/${id}/evidence`)).body;
    const rollback = evidence.decisions.find(({ what }) => what === "rollback");
    expect(rollback?.comparisons?.[0]?.line).toBe(cause?.comparison);
    expect(rollback?.comparisons?.[0]?.series.at(-1)?.on.failing).toBeGreaterThanOrEqual(5);
  });

  it("goes on comparing after the server was killed, with what it knew", { timeout: 90_000 }, async () => {
    const { view, fail } = await exposed("interrupted");
    const seen = async (): Promise<number> => (await view()).comparisons[0]?.series.at(-1)?.off.users ?? 0;
    // A checkpoint and a point of the chart are written every ten seconds: what is seen after twenty was stored after ten.
    await eventually(async () => (await seen()) > 1900, 40_000);
    await server.stop("SIGKILL");
    await server.start();
    await eventually(async () => (await view()).comparisons[0]?.reason === undefined, 30_000);
    // Beginning anew, it would have seen some hundreds by now.
    expect(await seen()).toBeGreaterThan(1200);
    fail({ on: 0.3, off: 0 });
    await eventually(async () => (await view()).percentage === 0, 20_000);
    expect((await view()).cause).toMatchObject({ subject: "regression", attribution: "flag" });
  });

  it("blames nothing on the flag when users without it fail as often", { timeout: 90_000 }, async () => {
    const { view, fail } = await exposed("innocent");
    fail({ on: 0.4, off: 0.4 });
    await eventually(async () => (await view()).percentage === 0, 40_000);
    const { cause, comparisons, sentence } = await view();
    expect(cause).toMatchObject({ kind: "trigger", subject: "errors", attribution: "shared" });
    expect(comparisons[0]?.tests.some(({ isAlarm }) => isAlarm)).toBe(false);
    expect(sentence).toContain("shared incident, flag not implicated");
  });
});
