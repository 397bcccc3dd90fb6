import { nearest } from "../../nearest.ts";
import { NOTIFY_EVENTS } from "../document/stages.ts";
import type { PlanDocument } from "../document/document.ts";
import { parseMoment } from "../grammar/moment.ts";
import { parseTemplate } from "../grammar/placeholders.ts";
import type { Reader } from "../reader.ts";
import type { EscalationStep, NotifyEvent, NotifyRule, Severity } from "../types.ts";
import { exactlyOne, from, meaningless, type Lowering } from "./context.ts";

type Spec = PlanDocument["spec"];

const SEVERITIES = ["P0", "P1", "P2", "P3"] as const satisfies readonly Severity[];
const EVENTS: readonly NotifyEvent[] = NOTIFY_EVENTS;

/** `stages`: the names of the plan's stages, to check what rules are bound to. */
export function lowerNotify(
  reader: Reader<NonNullable<Spec["notify"]>>,
  stages: readonly string[],
  context: Lowering,
): readonly NotifyRule[] {
  return reader.items().map((item) => {
    const which = exactlyOne(item, ["on", "at", "every"], "when to tell");
    if (which !== undefined && which !== "at") meaningless(item.get("from"), `beside ${which}`);
    if (which !== undefined && which !== "on")
      for (const key of ["severity", "stages"] as const) meaningless(item.get(key), `beside ${which}`);
    const origin = item.get("from").choice(["start", "completed"]) ?? "start";
    const everyMs = item.get("every").duration();
    const message = item.get("message").read(parseTemplate);
    for (const stage of item.get("stages").many()) checkStage(stage, stages);
    return from<NotifyRule>(context, item, {
      on: item
        .get("on")
        .many()
        .flatMap((one) => EVENTS.find((event) => event === one.text()) ?? []),
      severity: severitiesOf(item.get("severity")),
      stages: item.get("stages").texts(),
      atMs: item
        .get("at")
        .many()
        .flatMap((one) => lowerMoment(one, origin) ?? []),
      from: origin,
      ...(everyMs === undefined ? {} : { everyMs }),
      to: item.get("to").texts(),
      ...(message === undefined ? {} : { message }),
    });
  });
}

function lowerMoment(reader: Reader<unknown>, origin: "start" | "completed"): number | undefined {
  const ms = reader.read(parseMoment);
  if (ms !== undefined && ms < 0 && origin === "completed")
    reader.problem(
      "nobody knows beforehand when the rollout will be completed",
      "write a moment after it, for example +24h",
    );
  return ms;
}

function checkStage(reader: Reader<unknown>, stages: readonly string[]): void {
  const name = reader.text();
  if (name === undefined || stages.includes(name)) return;
  const [suggestion] = nearest(name, stages);
  reader.problem(
    `there is no stage "${name}"`,
    suggestion === undefined ? `the stages are: ${stages.join(", ")}` : `did you mean "${suggestion}"?`,
  );
}

function severitiesOf(reader: Reader<unknown>): readonly Severity[] {
  return (reader as Reader<string | string[]>)
    .texts()
    .flatMap((text) => SEVERITIES.find((severity) => severity === text) ?? []);
}

/** Steps in order of time, whatever the order they were written in. */
export function lowerEscalation(
  reader: Reader<NonNullable<Spec["escalation"]>>,
  context: Lowering,
): readonly EscalationStep[] {
  const steps = reader.items().map((item) => {
    const message = item.get("message").read(parseTemplate);
    return from<EscalationStep>(context, item, {
      afterMs: item.get("after").duration() ?? 0,
      to: item.get("to").texts(),
      severity: severitiesOf(item.get("severity")),
      ...(message === undefined ? {} : { message }),
    });
  });
  return steps.toSorted((a, b) => a.afterMs - b.afterMs);
}
