import { nearest } from "../nearest.ts";
import { shown } from "../plan/problem.ts";
import type { Reader } from "../plan/reader.ts";
import type { Plan } from "../plan/types.ts";
import type { Person } from "../rollout/event.ts";
import { onlyFields, readAt, readQuantity, unitOf } from "./fields.ts";
import type { ScenarioAct, ScenarioEvent } from "./scenario.ts";

const ACTS = [
  "approve",
  "reject",
  "tick",
  "signal",
  "pause",
  "resume",
  "rollback",
  "promote",
  "cancel",
  "acknowledge",
  "crash",
  "kill",
  "drill",
] as const;
type Act = (typeof ACTS)[number];

/** One act of a scenario's `events`: `{ at: 24h5m, approve: engineering-lead }`. Undefined, and reported, when it is none. */
export function readEvent(reader: Reader<{ readonly at: string }>, plan: Plan): ScenarioEvent | undefined {
  const atMs = readAt(reader);
  const acts = reader.entries().filter(([key]) => key !== "at");
  const [first, second] = acts;
  if (!first) {
    reader.problem("nothing happens in this event", `give one of ${ACTS.join(", ")}`, "key");
    return undefined;
  }
  if (second) {
    second[1].problem(
      `"${first[0]}" and "${second[0].slice(0, 64)}" in one event`,
      "one event is one act: make two of them",
      "key",
    );
    return undefined;
  }
  const name = ACTS.find((act) => act === first[0]);
  if (!name) {
    const [suggestion] = nearest(first[0], ACTS);
    first[1].problem(
      `"${first[0].slice(0, 64)}" is nothing that can happen`,
      suggestion ? `did you mean "${suggestion}"?` : `one of ${ACTS.join(", ")}`,
      "key",
    );
    return undefined;
  }
  const act = readAct(name, first[1], plan);
  return act && { atMs, ...act };
}

function readAct(act: Act, reader: Reader<unknown>, plan: Plan): ScenarioAct | undefined {
  switch (act) {
    case "approve":
    case "reject":
      return readApproval(act, reader, plan);
    case "tick":
      return readTick(reader, plan);
    case "signal":
      return readSignal(reader, plan);
    case "pause":
    case "rollback":
    case "promote":
    case "cancel":
    case "resume":
    case "acknowledge":
      return readCommand(act, reader, plan);
    case "crash":
      return { kind: "crash", outageMs: readSpan(reader, "for") };
    case "drill":
      return { kind: "drill", tookMs: readSpan(reader, "took") };
    case "kill":
      return { kind: "kill", by: readCommand("rollback", reader, plan).person.by };
  }
}

interface ApprovalDocument {
  readonly role: string;
  readonly by?: string;
  readonly reason?: string;
}

/** A role alone stands for one person, who is called like it: two approvals by people of one role need their names. */
function readApproval(
  kind: "approve" | "reject",
  reader: Reader<ApprovalDocument>,
  plan: Plan,
): ScenarioAct | undefined {
  const role = reader.text() ?? reader.get("role").text();
  const asked = [...new Set(plan.stages.flatMap((stage) => stage.approvals.map((one) => one.role)))];
  if (reader.isMapping()) onlyFields(reader, ["role", "by", "reason"]);
  if (role === undefined) {
    reader.problem(
      `"${kind}" needs a role`,
      asked.length > 0 ? `the plan asks for ${asked.join(", ")}` : "the plan asks for no approvals",
    );
    return undefined;
  }
  const reason = reader.get("reason").text();
  const person = { by: reader.get("by").text() ?? role, roles: [role] };
  return {
    kind: "command",
    person,
    command: kind === "approve" ? { kind, role } : { kind, role, ...(reason !== undefined && { reason }) },
  };
}

interface TickDocument {
  readonly item: string;
  readonly by?: string;
  readonly role?: string;
}

function readTick(reader: Reader<TickDocument>, plan: Plan): ScenarioAct | undefined {
  const item = reader.text() ?? reader.get("item").text();
  if (reader.isMapping()) onlyFields(reader, ["item", "by", "role"]);
  if (item === undefined) {
    reader.problem(
      '"tick" needs an item',
      'its text or its id, or all: for example tick: "User feedback neutral or positive"',
    );
    return undefined;
  }
  const role = reader.get("role").text();
  const operator = operatorOf(plan, reader.get("by").text());
  return {
    kind: "command",
    person: role === undefined ? operator : { ...operator, roles: [role] },
    command: { kind: "tick", item },
  };
}

interface SignalDocument {
  readonly name: string;
  readonly value?: string | number;
}

function readSignal(reader: Reader<SignalDocument>, plan: Plan): ScenarioAct | undefined {
  const signal = reader.text() ?? reader.get("name").text();
  if (reader.isMapping()) onlyFields(reader, ["name", "value"]);
  if (signal === undefined) {
    reader.problem('"signal" needs a name', "for example signal: { name: support_tickets, value: 120 }");
    return undefined;
  }
  const value = reader.get("value");
  const metric = Object.values(plan.metrics).find(({ source }) => source.kind === "signal" && source.signal === signal);
  const quantity = value.exists
    ? readQuantity(value, metric?.name ?? signal, metric ? unitOf(plan, metric.name) : "none")
    : undefined;
  return { kind: "signal", signal, ...(quantity !== undefined && { value: quantity }) };
}

interface CommandDocument {
  readonly by?: string;
  readonly reason?: string;
}

/** `pause: true`, `pause: "why"` or `pause: { by, reason }`. */
function readCommand(kind: CommandAct["command"]["kind"], reader: Reader<CommandDocument>, plan: Plan): CommandAct {
  const plain = reader.value === null || reader.value === true || reader.text() !== undefined || reader.isMapping();
  if (!plain)
    reader.problem(`"${kind}" can't be ${shown(reader.value)}`, `write ${kind}: true, a reason, or { by, reason }`);
  if (reader.isMapping()) onlyFields(reader, ["by", "reason"]);
  const reason = reader.text() ?? reader.get("reason").text();
  const person = operatorOf(plan, reader.get("by").text());
  return { kind: "command", person, command: { kind, ...(reason !== undefined && { reason }) } };
}

interface CommandAct {
  readonly kind: "command";
  readonly person: Person;
  readonly command: {
    readonly kind: "pause" | "resume" | "rollback" | "promote" | "cancel" | "acknowledge";
    readonly reason?: string;
  };
}

interface SpanDocument {
  readonly for?: string;
  readonly took?: string;
}

/** `crash: true` takes no time; `crash: 45s` and `crash: { for: 45s }` do. */
function readSpan(reader: Reader<SpanDocument>, field: keyof SpanDocument): number {
  if (reader.value === null || reader.value === true) return 0;
  if (reader.text() !== undefined) return reader.duration() ?? 0;
  if (reader.isMapping()) {
    onlyFields(reader, [field]);
    return reader.get(field).duration() ?? 0;
  }
  reader.problem(`${shown(reader.value)} is not a time`, "write true, or how long it takes, for example 45s");
  return 0;
}

/** Whoever acts in a scenario may do everything that its plan asks roles for. */
function operatorOf(plan: Plan, by: string | undefined): Person {
  const checks = plan.preconditions.flatMap((one) => (one.kind === "check" ? [one.item] : []));
  const items = [
    ...checks,
    ...plan.stages.flatMap((stage) => stage.checklist),
    ...plan.rollback.checklist,
    ...plan.completion.checklist,
  ];
  return { by: by ?? "operator", roles: [...new Set(items.flatMap((item) => item.roles))] };
}
