/** A plan and a scenario in, the story out: what tests of behaviour read. */
import { formatDuration } from "../../plan/grammar/duration.ts";
import { parsePlan } from "../../plan/parse.ts";
import type { Plan } from "../../plan/types.ts";
import { parseScenario } from "../../simulate/parse-scenario.ts";
import { simulate, type Simulation } from "../../simulate/simulate.ts";
import type { RecordEvent, RolloutRecord } from "../effect.ts";

export interface Story extends Simulation {
  readonly plan: Plan;
  /** `24h stageStarted quarter 25`: every line, or those of some events. */
  readonly lines: (...events: readonly RecordEvent[]) => readonly string[];
  /** `0s 5, 24h 25, 26h 0`: when the percentage changed, and to what. */
  readonly ramp: string;
  readonly first: (event: RecordEvent) => RolloutRecord | undefined;
}

const METRICS = `
  error_rate: { prometheus: { query: errors }, unit: ratio }
  p95: { prometheus: { query: latency }, unit: seconds }
  tickets: { signal: support_tickets }
`;

/** A plan with this `spec`; `flag`, `environment`, `interval` (10 s) and the metrics error_rate, p95 and tickets come with it. */
export function planOf(spec: string): Plan {
  const own = /^interval:/m.test(spec) ? "" : "interval: 10s\n";
  const metrics = /^metrics:/m.test(spec) ? "" : `metrics:${METRICS}`;
  const body = `flag: checkout\nenvironment: production\n${own}${metrics}${spec}`;
  const indented = body
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
  const parsed = parsePlan(
    `apiVersion: rampart/v1\nkind: RolloutPlan\nmetadata: { name: checkout }\nspec:\n${indented}\n`,
  );
  if (!parsed.ok)
    throw new Error(parsed.problems.map((one) => `${one.line}:${one.column} ${one.message} (${one.hint})`).join("\n"));
  return parsed.plan;
}

/** Healthy metrics, unless the scenario says otherwise. */
const HEALTHY = "metrics: { error_rate: 0.2%, p95: 200ms }\n";

export function tell(spec: string, scenario = ""): Story {
  const plan = planOf(spec);
  const parsed = parseScenario(/^metrics:/m.test(scenario) ? scenario : HEALTHY + scenario, plan);
  if (!parsed.ok)
    throw new Error(parsed.problems.map((one) => `${one.line}:${one.column} ${one.message} (${one.hint})`).join("\n"));
  const simulation = simulate(plan, parsed.scenario);
  const { timeline, startAt } = simulation;
  const at = (record: RolloutRecord): string => formatDuration(record.at - startAt);
  return {
    ...simulation,
    plan,
    lines: (...events) =>
      timeline
        .filter((record) => events.length === 0 || events.includes(record.event))
        .map((record) =>
          [at(record), record.event, record.stage, record.percentage].filter((part) => part !== null).join(" "),
        ),
    ramp: timeline
      .filter((record, index) => record.percentage !== (timeline[index - 1]?.percentage ?? 0))
      .map((record) => `${at(record)} ${record.percentage}`)
      .join(", "),
    first: (event) => timeline.find((record) => record.event === event),
  };
}
