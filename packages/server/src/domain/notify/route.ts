import type { NotifyRule, Plan } from "../plan/types.ts";
import type { Notify } from "../rollout/effect.ts";
import { incidentActOf } from "./incident.ts";

/** The channel that every server has: its own log. Everything is written to it, whatever the plan says. */
export const LOG_CHANNEL = "log";

/** Where a message goes. */
export interface Routed {
  readonly channel: string;
  /** Words of the plan for it, in place of the event's own. */
  readonly words?: string;
  /**
   * The plan doesn't ask for it: it only ends, or acknowledges, the incident that an earlier message may have opened. Channels
   * that keep no incidents leave it out.
   */
  readonly onlyIncident?: true;
}

/**
 * The channels that a notification goes to, each once: those of the plan's rules that match, or of the one rule or escalation step
 * that it is of, and the log. What ends an incident also goes wherever one can have been opened, so that no pager rings on for ever.
 */
export function route(plan: Plan, notify: Notify): readonly Routed[] {
  const told = [...asked(plan, notify), { channel: LOG_CHANNEL }];
  const act = incidentActOf(notify.event);
  const followed = act === "acknowledge" || act === "close" ? openers(plan) : [];
  const all = [...told, ...followed.map((channel): Routed => ({ channel, onlyIncident: true }))];
  const first = new Map<string, Routed>();
  for (const routed of all) if (!first.has(routed.channel)) first.set(routed.channel, routed);
  return [...first.values()];
}

function asked(plan: Plan, notify: Notify): readonly Routed[] {
  if (notify.escalationStep !== undefined) return to(plan.escalation[notify.escalationStep]);
  if (notify.rule !== undefined) return to(plan.notify[notify.rule]);
  return plan.notify.filter((rule) => matches(rule, notify)).flatMap(to);
}

function to(rule: Pick<NotifyRule, "to" | "message"> | undefined): readonly Routed[] {
  const words = rule?.message;
  return (rule?.to ?? []).map((channel) => ({ channel, ...(words !== undefined && { words }) }));
}

/** An event without a severity is of interest to every severity: a rule for P0 and P1 hears of a rollback by hand, too. */
function matches({ on, severity, stages }: NotifyRule, notify: Notify): boolean {
  return (
    on.includes(notify.event) &&
    (severity.length === 0 || notify.severity === undefined || severity.includes(notify.severity)) &&
    (stages.length === 0 || (notify.stage !== undefined && stages.includes(notify.stage)))
  );
}

function openers(plan: Plan): readonly string[] {
  const rules = plan.notify.filter(({ on }) => on.some((event) => incidentActOf(event) === "open"));
  return [...rules, ...plan.escalation].flatMap((one) => one.to);
}
