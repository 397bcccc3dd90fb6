import type { PlanDocument } from "../document/document.ts";
import { WEEKDAYS, parseTimeOfDay, parseTimeZone } from "../grammar/window.ts";
import type { Reader } from "../reader.ts";
import type { Window } from "../types.ts";

/** A stage's or the plan's window; undefined when there is none. */
export function lowerWindow(reader: Reader<NonNullable<PlanDocument["spec"]["window"]>>): Window | undefined {
  if (!reader.exists) return undefined;
  const fromMinute = reader.get("from").read(parseTimeOfDay);
  const toMinute = reader.get("to").read(parseTimeOfDay);
  const timezone = reader.get("timezone").read(parseTimeZone);
  if (fromMinute !== undefined && fromMinute === toMinute) {
    reader
      .get("to")
      .problem("the window closes when it opens", "leave the window out when a stage may begin at any time");
  }
  const days = reader
    .get("days")
    .items()
    .map((day) => WEEKDAYS.findIndex((name) => name === day.text()) + 1);
  return {
    fromMinute: fromMinute ?? 0,
    toMinute: toMinute ?? 0,
    timezone: timezone ?? "UTC",
    days: [...new Set(days.filter((day) => day > 0))].sort((a, b) => a - b),
  };
}
