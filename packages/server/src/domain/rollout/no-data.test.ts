import { describe, expect, it } from "vitest";
import { tell } from "./testing/story.ts";

const spec = (policy: string) => `
${policy}
triggers: [{ name: errors, when: error_rate >= 5%, for: 2m, action: rollback }]
stages: [{ name: a, percentage: 5, duration: 1h, criteria: [p95 < 500ms] }, { name: b, percentage: 10, duration: 1m }]
`;
const silent = (from: string, to = "") =>
  `metrics: { error_rate: 0.2%, p95: [{ at: 0s, value: 200ms }, { at: ${from}, value: null }${to}] }\n`;

describe("missing data", () => {
  it("holds the stage by default, for as long as it is missing", () => {
    const { ramp, outcome, summary } = tell(spec(""), `${silent("50m")}until: 2d`);
    expect(ramp).toBe("0s 5");
    expect(outcome).toBe("running");
    expect(summary).toContain("data of p95");
  });

  it("makes a criterion count anew when data is back", () => {
    expect(tell(spec(""), silent("50m", ", { at: 3h, value: 200ms }")).ramp).toBe("0s 5, 3h2m 10");
  });

  it("of a trigger's metric holds the stage too: nobody would see the breach", () => {
    const scenario =
      "metrics: { error_rate: [{ at: 0s, value: 0.2% }, { at: 50m, value: null }, { at: 3h, value: 0.2% }], p95: 200ms }";
    expect(tell(spec(""), scenario).ramp).toBe("0s 5, 3h 10");
  });

  it("pauses after `noDataAfter`, five minutes unless the plan says otherwise", () => {
    const { lines, first } = tell(spec("noData: pause"), `${silent("50m")}until: 2h`);
    expect(lines("noData", "paused")).toEqual(["55m noData a 5", "55m paused a 5"]);
    expect(first("paused")?.cause).toMatchObject({ kind: "noData", subject: "p95" });
    expect(tell(spec("noData: pause\nnoDataAfter: 1m"), `${silent("50m")}until: 2h`).lines("paused")).toEqual([
      "51m paused a 5",
    ]);
  });

  it("rolls back where the plan says so", () => {
    expect(tell(spec("noData: rollback"), silent("50m")).ramp).toBe("0s 5, 55m 0");
  });

  it("that ends before `noDataAfter` was never there", () => {
    expect(tell(spec("noData: rollback"), silent("50m", ", { at: 54m50s, value: 200ms }")).ramp).toBe("0s 5, 1h 10");
  });

  it("is acted on once: a person can resume, and it goes on to hold", () => {
    const { lines, ramp } = tell(
      spec("noData: pause"),
      `${silent("50m")}events: [{ at: 1h, resume: true }]\nuntil: 5h`,
    );
    expect(lines("paused")).toEqual(["55m paused a 5"]);
    expect(ramp).toBe("0s 5");
  });

  it("rolls back while paused and while awaiting approval", () => {
    expect(tell(spec("noData: rollback"), `${silent("50m")}events: [{ at: 10m, pause: true }]\nuntil: 2h`).ramp).toBe(
      "0s 5, 55m 0",
    );
    const awaiting = spec("noData: rollback").replace("duration: 1m", "duration: 1m, approvals: [lead]");
    expect(tell(awaiting, `${silent("90m")}until: 3h`).ramp).toBe("0s 5, 1h35m 0");
  });

  it("is not a concern before exposure, or the metrics of new code would never begin", () => {
    expect(tell(spec("noData: rollback"), silent("0s").replace("{ at: 0s, value: 200ms }, ", "")).ramp).toBe(
      "0s 5, 5m 0",
    );
  });

  it("of a metric that the stage does not use is not a concern", () => {
    const other =
      "noData: rollback\nstages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 10m, criteria: [p95 < 500ms] }]";
    expect(tell(other, `metrics: { p95: [{ at: 0s, value: null }, { at: 62m, value: 200ms }] }`).ramp).toBe(
      "0s 5, 1h 10",
    );
  });

  it("is told apart from an error, and an error from a breach", () => {
    const { first, lines } = tell(
      spec("noData: pause"),
      "metrics: { error_rate: 0.2%, p95: [{ at: 0s, value: 200ms }, { at: 50m, error: connection refused }] }\nuntil: 2h",
    );
    expect(first("paused")?.cause).toMatchObject({ kind: "error", subject: "p95", reason: "connection refused" });
    expect(lines("triggerFired")).toEqual([]);
  });

  it("keeps exposure from beginning when a provider can't be reached", () => {
    expect(
      tell(
        spec(""),
        "metrics: { error_rate: 0.2%, p95: [{ at: 0s, error: connection refused }, { at: 1h, value: 200ms }] }",
      ).ramp,
    ).toBe("1h 5, 2h 10");
  });
});
