import type { FlagStateView } from "@rampart/core";
import { percent, plural } from "../../output/format.ts";
import type { Cell } from "../../output/table.ts";

/** A flag's state in one environment, in a cell: `off`, `25 %`, `on`, and what may put somebody on besides the percentage. */
export function stateCell(state: FlagStateView | undefined): Cell {
  if (state === undefined) return { text: "-", paint: "dim" };
  if (!state.enabled) return { text: "off", paint: "red" };
  const served = state.percentage === undefined ? "on" : percent(state.percentage);
  const besides = [
    ...(state.rules === 0 ? [] : [plural(state.rules, "rule")]),
    ...(state.targets === 0 ? [] : [plural(state.targets, "target")]),
  ];
  const text = [served, ...besides].join(" + ");
  return { text, paint: state.percentage === 0 && besides.length === 0 ? "dim" : "green" };
}

/** The environments of several flags in the order in which they come up. */
export function environmentsOf(
  flags: readonly { readonly environments: { readonly [name: string]: unknown } }[],
): readonly string[] {
  return [...new Set(flags.flatMap((flag) => Object.keys(flag.environments)))];
}
