/** Reading, checking and playing plans: pure, without a server, a store or a network. What `rampart plan` is made of. */
export { formatDuration } from "./domain/plan/grammar/duration.ts";
export { planSchema, type SchemaNode } from "./domain/plan/json-schema.ts";
export { parsePlan, type ParseOptions, type ParsedPlan } from "./domain/plan/parse.ts";
export type { PlanProblem } from "./domain/plan/problem.ts";
export { variablesOfPlan } from "./domain/plan/secrets.ts";
export type { Plan } from "./domain/plan/types.ts";
export { OFF_WITHIN_MS, rollbackBounds, type RollbackBound } from "./domain/plan/warnings/bound.ts";
export { STATUSES, type Status } from "./domain/rollout/state.ts";
export { parseScenario, type ParsedScenario } from "./domain/simulate/parse-scenario.ts";
export { renderSimulation, reportOf, type SimulationReport } from "./domain/simulate/report.ts";
export { simulate, type Simulation } from "./domain/simulate/simulate.ts";
export { comparedTests, compareText } from "./domain/plan/compared.ts";
