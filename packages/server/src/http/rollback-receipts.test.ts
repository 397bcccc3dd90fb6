import type { EvidenceView, RolloutView } from "@rampart/core";
import { INSTANCE_HEADER, SDK_HEADER } from "@rampart/core";
import { expect, it } from "vitest";
import { manualPlatform } from "../testing/manual-platform.ts";
import { openStream } from "../testing/sse-client.ts";
import { startTestServer } from "../testing/test-server.ts";
import { RollbackReceipts } from "./rollback-receipts.ts";

/** A rollout has a status of its own, which is not a problem's. */
type Shown = Omit<RolloutView, "status">;

const PLAN = `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout, title: Checkout }
spec:
  flag: checkout
  environment: production
  interval: 10s
  metrics:
    tickets: { signal: tickets }
  triggers:
    - { name: security, signal: security_incident, action: rollback, severity: P0 }
  stages:
    - { name: canary, percentage: 5, duration: 1h, criteria: [ { require: "tickets < 100", for: 1m } ] }
    - { name: full, percentage: 100, duration: 1h }
`;

it("tells with a rollout who applied its rollback and where the time went, also when only the audit remembers", async () => {
  const platform = manualPlatform();
  const server = await startTestServer({ platform });
  await server.call("POST /api/v1/flags", { body: { key: "checkout" } });
  await server.call("PATCH /api/v1/environments/production/flags/checkout", {
    body: { fallthrough: { percentage: 0 } },
  });
  const created = await server.call<Shown>("POST /api/v1/rollouts", { body: { plan: PLAN } });
  expect(created.status, created.text).toBe(201);
  const { id } = created.body;
  const shown = async () => (await server.call<Shown>(`GET /api/v1/rollouts/${id}`)).body;
  await platform.advance(20_000);
  expect(await shown()).toMatchObject({ percentage: 5, leaseMs: 25_000 });
  expect(await shown()).not.toHaveProperty("rollback");

  const named = (name: string) => ({
    authorization: `Bearer ${server.sdkKey}`,
    [INSTANCE_HEADER]: name,
    [SDK_HEADER]: "node/0.1.0",
  });
  const stream = openStream(server.port, "/sdk/v1/stream", named("web-1"));
  const silent = openStream(server.port, "/sdk/v1/stream", named("silent"));
  await silent.nextOf("snapshot");
  const { data: snapshot } = await stream.nextOf("snapshot");
  await server.call("POST /api/v1/signals", { body: { name: "security_incident" } });
  const { data: delta } = await stream.nextOf("delta");
  const { revision } = delta;
  expect(delta).toMatchObject({ urgent: true, flags: [{ key: "checkout", enabled: false }] });
  await platform.advance(200);
  const body = { instanceId: "web-1", epoch: snapshot["epoch"], revision, appliedAt: platform.clock.now() - 50 };
  await server.call("POST /sdk/v1/ack", { token: server.sdkKey, body });
  expect((await shown()).rollback).toMatchObject({
    revision,
    rollout: id,
    verdict: "open",
    expected: 2,
    acknowledged: 1,
  });

  await platform.advance(40_000);
  const { rollback } = await shown();
  expect(rollback).toMatchObject({
    rollout: id,
    verdict: "bounded",
    stragglers: [{ instanceId: "silent" }],
    applied: { p50Ms: 150, maxMs: 150 },
    legs: { decideMs: 0, commitMs: 0, writeMs: 0, apply: { maxMs: 150 } },
  });
  const { body: evidence } = await server.call<EvidenceView>(`GET /api/v1/rollouts/${id}/evidence`);
  expect(evidence.rollback).toEqual(rollback);

  const row = (await server.rollouts.rollout(id)) ?? expect.fail(`the rollout ${id} is gone`);
  const afterRestart = new RollbackReceipts({ store: server.store, hub: { receiptsOfRollout: () => undefined } });
  expect(await afterRestart.of(row)).toEqual(rollback);
});
