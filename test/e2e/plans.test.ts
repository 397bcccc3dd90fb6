import type { CreatedToken, RolloutEventPage, RolloutView } from "@rampart/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ServerProcess, api, eventually, freePort, temporaryFolder } from "./harness.ts";
import { Provider, shortPlan, type ShortPlan } from "./plans.ts";

const PLANS = ["flexoraa-backend", "phase-9-slice-b", "portal-api-rc1", "portal-api-v1", "spark-trading"];

/** As many distinct people as any of the plans asks for. */
const PEOPLE = 8;

const DONE_WITHIN_MS = 90_000;

/** The five plans of teams, whole, in seconds in place of days, on the built server: nothing of them is left out but the drill. */
describe("a team's plan", () => {
  const folder = temporaryFolder();
  let server: ServerProcess;
  let provider: Provider;

  beforeAll(async () => {
    provider = await Provider.start();
    const args = ["--egress-private", "--log-level", "warn"];
    server = new ServerProcess({ port: await freePort(), dataDir: `${folder.path}/data`, args });
    await server.start();
  });

  afterAll(async () => {
    await server?.stop("SIGTERM");
    provider?.stop();
    folder.dispose();
  });

  const view = async (id: string): Promise<RolloutView> =>
    (await api<RolloutView>(server, "GET", `/api/v1/rollouts/${id}`)).body;

  const call = (token: string, path: string, body: object) =>
    fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  /** People who hold every role that the plan knows. */
  async function people({ roles, flag }: ShortPlan): Promise<readonly string[]> {
    const made = Array.from({ length: PEOPLE }, (_, n) =>
      api<CreatedToken>(server, "POST", "/api/v1/tokens", { kind: "operator", name: `${flag} ${n}`, roles }),
    );
    return (await Promise.all(made)).map(({ body }) => body.token);
  }

  async function begin(plan: ShortPlan): Promise<string> {
    provider.say(plan.flag, plan.well);
    expect((await api(server, "POST", "/api/v1/flags", { key: plan.flag })).status).toBe(201);
    const { status, body } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", { plan: plan.document });
    expect(status, JSON.stringify(body)).toBe(201);
    // What people push before the start is what their signals are compared with later.
    await push(plan);
    const first = await sampledAt(body.id);
    await eventually(async () => (await sampledAt(body.id)) > first, DONE_WITHIN_MS);
    return body.id;
  }

  /** The instant of the next sampling: it moves on with each. */
  async function sampledAt(id: string): Promise<number> {
    return Date.parse((await view(id)).nextSampleAt ?? "") || 0;
  }

  async function push({ signals, flag }: ShortPlan): Promise<void> {
    for (const name of signals) await api(server, "POST", "/api/v1/signals", { name, value: signalValue(name), flag });
  }

  /** Does what people do, until something is so: signals, ticks, approvals. */
  async function drive(id: string, plan: ShortPlan, isSo: (view: RolloutView) => boolean): Promise<RolloutView> {
    const tokens = await people(plan);
    let last = await view(id);
    const step = async (): Promise<boolean> => {
      await push(plan);
      for (const token of tokens) {
        if ((await view(id)).status === "awaiting") await call(token, `/api/v1/rollouts/${id}/approve`, {});
      }
      await call(tokens[0] ?? "", `/api/v1/rollouts/${id}/tick`, { item: "all" });
      last = await view(id);
      return isSo(last);
    };
    await eventually(step, DONE_WITHIN_MS).catch((cause: unknown) => {
      throw new Error(`${plan.flag} stays ${last.status}: ${last.sentence}`, { cause });
    });
    return last;
  }

  const eventsOf = async (id: string): Promise<readonly string[]> =>
    (await api<RolloutEventPage>(server, "GET", `/api/v1/rollouts/${id}/events?limit=500`)).body.items.map(
      ({ event }) => event,
    );

  it.concurrent.each(PLANS)("%s runs through every stage to its completion", async (file) => {
    const plan = shortPlan(file, "well", provider);
    const id = await begin(plan);
    const completed = await drive(id, plan, ({ status }) => status === "completed" || status === "rolledBack");
    expect([completed.status, completed.percentage]).toEqual(["completed", 100]);
    const stages = (JSON.parse(plan.document) as { spec: { stages: readonly unknown[] } }).spec.stages.length;
    const events = await eventsOf(id);
    expect(events.filter((event) => event === "stageStarted")).toHaveLength(stages);
    expect(events).not.toContain("paused");
  });

  it.concurrent.each(PLANS)("%s is rolled back by its own trigger in its second stage, and recovers", async (file) => {
    const plan = shortPlan(file, "breach", provider);
    const id = await begin(plan);
    await drive(id, plan, ({ stage, status }) => stage?.index === 1 && status === "running");
    provider.say(plan.flag, plan.breached);
    await drive(id, plan, ({ status }) => ["rollingBack", "verifying", "rolledBack"].includes(status));
    provider.say(plan.flag, plan.well);
    const over = await drive(id, plan, ({ status }) => status === "rolledBack");
    expect([over.percentage, over.cause?.kind, over.recovery?.state]).toEqual([0, "trigger", "recovered"]);
    const flag = await api<{ environments: { production: { enabled: boolean } } }>(
      server,
      "GET",
      `/api/v1/flags/${plan.flag}`,
    );
    expect(flag.body.environments.production.enabled).toBe(false);
  });
});

/** As in the plans' scenarios. */
function signalValue(name: string): number {
  return name === "user_satisfaction" ? 4.3 : name === "support_tickets" ? 100 : 0;
}
