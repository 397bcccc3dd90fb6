import type { Path } from "../problem.ts";
import type { Finding } from "../structure.ts";
import type { Plan } from "../types.ts";

/** What is allowed and still worth a second thought. `origins` tells where the plan's parts stand in the document. */
export function warningsOf(_plan: Plan, _origins: ReadonlyMap<object, Path>): readonly Finding[] {
  return [];
}
