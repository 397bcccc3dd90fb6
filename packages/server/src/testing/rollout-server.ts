import type { Problem, RolloutEventView, RolloutStatus, RolloutView } from "@rampart/core";
import type { ServerConfig } from "../main/config.ts";
import { manualPlatform, type ManualPlatform } from "./manual-platform.ts";
import { startMetricsServer, type MetricsServer } from "./metrics-server.ts";
import { startTestServer, type CallOptions, type TestServer, type TestServerOptions } from "./test-server.ts";

/** Between two samplings of the plans in these tests. */
export const INTERVAL_MS = 10_000;

/** Turns of the loop that a sampling may take. Local sockets need some tens. */
const TURNS_MAX = 5_000;

/** A rollout, or the problem that came in its place: both have a `status`. */
export type RolloutOrProblem = Omit<RolloutView, "status"> &
  Omit<Partial<Problem>, "status"> & { readonly status: RolloutStatus | number };

export interface CommandAnswer {
  readonly status: number;
  readonly body: RolloutOrProblem;
}

/** A server on a clock that is moved by hand, beside a metrics server, with the flag `checkout` at 0 %. */
export interface RolloutServer extends TestServer {
  readonly platform: ManualPlatform;
  readonly metrics: MetricsServer;
  /** The token of somebody who holds the role `engineering-lead`. */
  readonly lead: string;
  /** Starts a rollout of the plan; gives its id. */
  begin(plan?: string): Promise<string>;
  rollout(id: string): Promise<RolloutView>;
  command(id: string, name: string, body?: unknown, options?: CallOptions): Promise<CommandAnswer>;
  /** Lets time pass, and every sampling that falls into it be taken. */
  pass(ms: number): Promise<void>;
  /** Lets samplings pass until the rollout has this status; fails after some minutes of them. */
  until(id: string, status: RolloutStatus): Promise<RolloutView>;
  events(id: string): Promise<readonly RolloutEventView[]>;
  /** The share of users who are on: 0 while the flag is off. */
  exposure(flag?: string): Promise<number | undefined>;
}

export interface RolloutServerOptions extends Pick<TestServerOptions, "wrapRollouts"> {
  readonly config?: Partial<ServerConfig>;
  readonly platform?: ManualPlatform;
}

export async function startRolloutServer({
  config,
  platform = manualPlatform(),
  ...more
}: RolloutServerOptions = {}): Promise<RolloutServer> {
  const metrics = await startMetricsServer(() => platform.clock.now());
  metrics.values.set("errors", 0.001);
  const variables = (name: string): string | undefined => ({ METRICS_URL: metrics.url, METRICS_TOKEN: "s3cr3t" })[name];
  const server = await startTestServer({ ...more, platform, config: { egressPrivate: true, variables, ...config } });
  await server.call("POST /api/v1/flags", { body: { key: "checkout" } });
  const { text: lead } = await server.token("operator", ["*"], { roles: ["engineering-lead"] });
  return { ...server, platform, metrics, lead, ...rolloutsOf(server, platform) };
}

type Rollouts = Pick<RolloutServer, "begin" | "rollout" | "command" | "pass" | "until" | "events" | "exposure">;

/** What tests do with the rollouts of a server. */
export function rolloutsOf(server: Pick<TestServer, "call">, platform: ManualPlatform): Rollouts {
  const { call } = server;
  const rollout = async (id: string): Promise<RolloutView> =>
    (await call<RolloutView>(`GET /api/v1/rollouts/${id}`)).body;
  const pass = async (ms: number): Promise<void> => {
    for (let leftMs = ms; leftMs > 0; leftMs -= INTERVAL_MS) {
      await platform.advance(Math.min(INTERVAL_MS, leftMs));
      await sampled(call, platform);
    }
  };
  return {
    rollout,
    pass,
    async begin(plan = PLAN) {
      const { status, body } = await call<RolloutOrProblem>("POST /api/v1/rollouts", {
        body: plan,
        headers: { "content-type": "application/yaml" },
      });
      if (status !== 201) throw new Error(JSON.stringify(body));
      return body.id;
    },
    command: async (id, name, body, options) => {
      const { status, body: answered } = await call(`POST /api/v1/rollouts/${id}/${name}`, { body, ...options });
      return { status, body: answered as unknown as RolloutOrProblem };
    },
    async until(id, status) {
      for (let samplings = 0; samplings < 60; samplings += 1) {
        const view = await rollout(id);
        if (view.status === status) return view;
        await pass(INTERVAL_MS);
      }
      const { sentence } = await rollout(id);
      throw new Error(`the rollout does not come to ${status}: ${sentence}`);
    },
    async events(id) {
      const { body } = await call<{ items: readonly RolloutEventView[] }>(`GET /api/v1/rollouts/${id}/events`, {
        headers: { accept: "application/json" },
      });
      return body.items;
    },
    async exposure(flag = "checkout") {
      const { body } = await call<{ environments: { production?: { percentage?: number } } }>(
        `GET /api/v1/flags/${flag}`,
      );
      return body.environments.production?.percentage;
    },
  };
}

/** Waits until every rollout has been sampled that is due for it. */
async function sampled(call: TestServer["call"], platform: ManualPlatform): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    const { body } = await call<{ items: readonly { id: string }[] }>("GET /api/v1/rollouts?active=true");
    const views = await Promise.all(
      body.items.map(async ({ id }) => (await call<RolloutView>(`GET /api/v1/rollouts/${id}`)).body),
    );
    // Both in the rollout's own time, whatever the wall clock says.
    if (views.every(({ nextSampleAt, now }) => nextSampleAt === undefined || nextSampleAt > now)) return;
    await platform.advance(0);
  }
  throw new Error("a sampling does not come to its end");
}

/** Three stages of a minute or less; the second takes an approval and a tick. */
export const PLAN = `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout, title: The new checkout }
spec:
  flag: checkout
  environment: production
  interval: 10s
  metrics:
    errors: { prometheus: { url: "\${METRICS_URL}", query: errors, headers: { authorization: "Bearer \${METRICS_TOKEN}" } }, unit: ratio }
    tickets: { signal: support_tickets, unit: count }
  triggers:
    - { name: errors, when: "errors >= 5%", for: 20s, action: rollback, severity: P0 }
    - { name: security, signal: security_incident, action: rollback, severity: P0 }
    - { name: tickets, when: "tickets >= 100", action: pause, severity: P1 }
  stages:
    - { name: canary, percentage: 5, duration: 1m, criteria: [ { require: "errors < 1%", for: 30s } ] }
    - { name: half, percentage: 50, duration: 1m, approvals: [ { role: engineering-lead } ], checklist: [ Feedback is good ] }
    - { name: full, percentage: 100, duration: 30s }
  rollback: { verify: { within: 2m, criteria: [ { require: "errors < 1%", for: 20s } ] } }
`;
