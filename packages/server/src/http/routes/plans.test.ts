import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Page, PlanSummary, PlanValidation, PlanView, SimulationView } from "@rampart/core";
import { PLAN, startRolloutServer } from "../../testing/rollout-server.ts";

const YAML = { "content-type": "application/yaml" };
const EXAMPLES = new URL("../../../../../examples/plans/", import.meta.url);

describe("plans", () => {
  it("are stored by revision: the same document once, whatever its formatting", async () => {
    const server = await startRolloutServer();
    const store = (body: string) => server.call<PlanView>("POST /api/v1/plans", { body, headers: YAML });
    const first = await store(PLAN);
    expect(first).toMatchObject({
      status: 201,
      body: { name: "checkout", version: 1, text: PLAN, outline: { stages: [{ name: "canary" }, {}, {}] } },
    });
    expect((await store(`# again\n${PLAN}`)).body).toMatchObject({ version: 1, digest: first.body.digest });
    expect((await store(PLAN.replace("percentage: 5,", "percentage: 4,"))).body).toMatchObject({
      version: 2,
      revisions: [{ version: 2 }, { version: 1 }],
    });
    expect((await server.call<Page<PlanSummary>>("GET /api/v1/plans")).body.items).toMatchObject([
      { name: "checkout", version: 2, title: "The new checkout" },
    ]);
    expect((await server.call<PlanView>("GET /api/v1/plans/checkout?version=1")).body.text).toBe(PLAN);
    expect((await server.call<PlanView>(`GET /api/v1/plans/checkout?digest=${first.body.digest}`)).body.version).toBe(
      1,
    );
  });

  it("that are not there are told with the nearest names", async () => {
    const server = await startRolloutServer();
    await server.call("POST /api/v1/plans", { body: { text: PLAN } });
    expect((await server.call("GET /api/v1/plans/chekout")).body).toMatchObject({
      status: 404,
      code: "PLAN_NOT_FOUND",
      suggestions: ["checkout"],
    });
    expect((await server.call("GET /api/v1/plans/checkout?version=9")).body).toMatchObject({
      code: "PLAN_NOT_FOUND",
      hint: "Its newest is version 1.",
    });
  });

  it("are checked without being stored, with everything that is wrong at once", async () => {
    const server = await startRolloutServer();
    const check = async (body: string) =>
      (await server.call<PlanValidation>("POST /api/v1/plans/validate", { body, headers: YAML })).body;
    expect(await check(PLAN)).toMatchObject({
      valid: true,
      problems: [],
      plan: {
        flag: "checkout",
        variables: [
          { name: "METRICS_TOKEN", isSet: true },
          { name: "METRICS_URL", isSet: true },
        ],
      },
    });
    const wrong = await check(PLAN.replace("interval: 10s", "interval: fast").replace("action: pause", "action: stop"));
    expect(wrong.valid).toBe(false);
    expect(wrong.problems.map(({ line }) => line)).toEqual([8, 15]);
    expect(wrong.problems[0]).toMatchObject({
      column: expect.any(Number) as number,
      path: "/spec/interval",
      hint: expect.any(String) as string,
    });
    expect((await server.call<Page<unknown>>("GET /api/v1/plans")).body.items).toEqual([]);
    expect(await check("")).toMatchObject({ valid: false });
  });

  it("are warned of where a variable is not set on this server", async () => {
    const server = await startRolloutServer({ config: { variables: () => undefined } });
    const { body } = await server.call<PlanValidation>("POST /api/v1/plans/validate", { body: PLAN, headers: YAML });
    expect(body.valid).toBe(true);
    expect(JSON.stringify(body.warnings)).toContain("METRICS_URL");
  });

  it("are played against a scenario", async () => {
    const server = await startRolloutServer();
    const scenario = "metrics:\n  errors: [ { at: 0s, value: 0.1% }, { at: 40s, value: 9% } ]\n";
    const { status, body } = await server.call<SimulationView>("POST /api/v1/plans/simulate", {
      body: { plan: PLAN, scenario },
    });
    expect(status).toBe(200);
    expect(body.outcome).toBe("rolledBack");
    expect(body.timeline.find(({ event }) => event === "rollbackStarted")).toMatchObject({
      at: "PT1M",
      percentage: 0,
      cause: { trigger: "errors", value: 0.09 },
    });
    const wrong = await server.call("POST /api/v1/plans/simulate", {
      body: { plan: PLAN, scenario: "metrics:\n  erors: 1%\n" },
    });
    expect(wrong.body).toMatchObject({
      code: "SCENARIO_INVALID",
      errors: [{ line: 2, hint: expect.stringContaining("errors") as string }],
    });
    expect((await server.call("POST /api/v1/plans/simulate", { body: { plan: "a: b" } })).body.code).toBe(
      "PLAN_INVALID",
    );
  });

  it("have a schema for editors, which takes no token", async () => {
    const server = await startRolloutServer();
    const { status, body } = await server.call("GET /schemas/rollout-plan.json", { token: undefined });
    expect(status).toBe(200);
    expect(body).toMatchObject({ properties: { kind: { const: "RolloutPlan" } } });
  });

  it("of real documents are all stored whole", async () => {
    const server = await startRolloutServer();
    for (const file of readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"))) {
      const text = readFileSync(new URL(file, EXAMPLES), "utf8");
      const { status, body } = await server.call<PlanView>("POST /api/v1/plans", { body: text, headers: YAML });
      expect([file, status, body.text]).toEqual([file, 201, text]);
    }
    expect((await server.call<Page<unknown>>("GET /api/v1/plans")).body.items).toHaveLength(5);
  });
});
