import { INSTANCE_HEADER, rehearseRollback, SDK_HEADER } from "@rampart/core";
import type { AuditEntry, DrillPage, Page, RolloutView } from "@rampart/core";
import { expect, it } from "vitest";
import { manualPlatform } from "../../testing/manual-platform.ts";
import { openStream } from "../../testing/sse-client.ts";
import { startTestServer } from "../../testing/test-server.ts";

const planOf = (flag: string, preconditions: string): string => `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${flag} }
spec:
  flag: ${flag}
  environment: production
  interval: 10s
  metrics: { tickets: { signal: tickets } }
  preconditions: ${preconditions}
  triggers: [ { name: tickets, when: "tickets > 100", action: rollback } ]
  stages: [ { name: canary, percentage: 5, duration: 1h } ]
`;

it("takes a drill that not every client confirmed for the newest: the success before it opens no rollout any more", async () => {
  const platform = manualPlatform();
  const server = await startTestServer({ platform });
  let confirms = true;
  const stream = openStream(server.port, "/sdk/v1/stream", {
    authorization: `Bearer ${server.sdkKey}`,
    [INSTANCE_HEADER]: "web-1",
    [SDK_HEADER]: "node/0.1.0",
  });
  const { data: held } = await stream.nextOf("snapshot");
  const confirming = (async () => {
    for (;;) {
      const { data } = await stream.nextOf("delta");
      const { revision, urgent } = data;
      const body = { instanceId: "web-1", epoch: held["epoch"], revision, appliedAt: platform.clock.now() };
      if (urgent === true && confirms) await server.call("POST /sdk/v1/ack", { token: server.sdkKey, body });
    }
  })();
  confirming.catch(() => undefined);
  const drill = () =>
    rehearseRollback({
      environment: "production",
      call: async (method, path, body) => {
        const answer = await server.call(`${method} ${path}`, { body });
        if (answer.status >= 400) throw answer;
        return answer.body as never;
      },
      isMissing: (error) => (error as { readonly status?: number }).status === 404,
      pause: (ms) => platform.advance(ms),
      onStep: () => undefined,
    });
  /** What a rollout finds of drills; undefined: it does not wait for one. */
  const waits = async (flag: string, preconditions: string) => {
    await server.call("POST /api/v1/flags", { body: { key: flag } });
    const plan = planOf(flag, preconditions);
    const { body } = await server.call<{ readonly id: string }>("POST /api/v1/rollouts", { body: { plan } });
    return async () => {
      const view = await server.call<Pick<RolloutView, "waitingFor">>(`GET /api/v1/rollouts/${body.id}`);
      return view.body.waitingFor.find(({ kind }) => kind === "drill");
    };
  };
  const DRILL = "{ drill: { within: 7d, under: 30s } }";
  const waiting = await waits("checkout", `[ ${DRILL}, { check: Team is ready } ]`);
  expect(await waiting()).toMatchObject({ found: "none" });

  expect(await drill()).toMatchObject({ kind: "recorded", drill: { clients: 1 } });
  expect(await waiting()).toBeUndefined();

  confirms = false;
  await expect(drill()).rejects.toMatchObject({
    body: { code: "DRILL_PROVES_NOTHING", detail: expect.stringContaining("1 of 1 clients did not say") },
  });
  expect(await waiting()).toMatchObject({ found: "failed" });
  const later = await waits("search", `[ ${DRILL} ]`);
  expect(await later()).toMatchObject({ found: "failed" });
  expect((await server.call<DrillPage>("GET /api/v1/drills")).body.items).toHaveLength(1);
  const { body: audit } = await server.call<Page<AuditEntry>>("GET /api/v1/audit?action=drill.failed");
  expect(audit.items).toMatchObject([{ target: "drill/production", after: { expected: 1, acknowledged: 0 } }]);

  confirms = true;
  expect(await drill()).toMatchObject({ kind: "recorded" });
  expect(await waiting()).toBeUndefined();
});
