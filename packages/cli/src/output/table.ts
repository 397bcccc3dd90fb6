import type { Paint, Style } from "./style.ts";
import { pad, printable, truncate, widthOf } from "./text.ts";

/** A cell: its text, and how to paint it. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

/** How a column is headed, and what it does where there is little room. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** The width below which it isn't cut on a narrow terminal. Undefined: never cut. */
  readonly shrinkTo?: number;
  /** Left out, from the right, where the table would not fit even with everything cut. */
  readonly optional?: boolean;
}

/** Where a table is shown. */
export interface TableOptions {
  readonly style: Style;
  /** Columns of the terminal; undefined: as wide as it needs to be. */
  readonly columns: number | undefined;
}

const GAP = "  ";

/** Aligned columns under a heading. One line a row, whatever the cells hold. Ends in a newline. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], options: TableOptions): string {
  const cells = rows.map((row) => columns.map((_, index) => toCell(row[index] ?? "")));
  const natural = columns.map((column, index) => {
    return Math.max(widthOf(column.title), ...cells.map((row) => widthOf(row[index]?.text ?? "")));
  });
  const widths = options.columns === undefined ? natural : fit(columns, natural, options.columns);
  const line = (row: readonly PaintedText[]): string => {
    const parts = row.flatMap(({ text, paint }, index) => {
      const width = widths[index];
      if (width === undefined) return [];
      // Not the spaces after it: those at the end of a line are taken off below.
      const filled = pad(truncate(text, width), width, columns[index]?.align);
      const inked = filled.trimEnd();
      return [options.style(paint, inked) + filled.slice(inked.length)];
    });
    return `${parts.join(GAP).trimEnd()}\n`;
  };
  const head = line(columns.map((column) => ({ text: column.title, paint: "dim" })));
  return head + cells.map(line).join("");
}

interface PaintedText {
  readonly text: string;
  readonly paint: Paint;
}

function toCell(cell: Cell): PaintedText {
  return typeof cell === "string" ? { text: printable(cell), paint: "none" } : { ...cell, text: printable(cell.text) };
}

/** A width for each column, undefined for one that is left out. */
type Widths = readonly (number | undefined)[];

/** Leaves out what may be left out, then narrows the widest column that may be narrowed, until the table fits or nothing helps. */
function fit(columns: readonly Column[], natural: readonly number[], available: number): Widths {
  const widths: (number | undefined)[] = [...natural];
  const floor = natural.map((width, index) => Math.min(width, columns[index]?.shrinkTo ?? width));
  const leastOf = (): number => totalOf(floor.map((width, index) => (widths[index] === undefined ? undefined : width)));
  for (let index = columns.length - 1; index >= 0 && leastOf() > available; index -= 1) {
    if (columns[index]?.optional === true) widths[index] = undefined;
  }
  for (let excess = totalOf(widths) - available; excess > 0; excess -= 1) {
    const widest = widths.reduce<number | undefined>((best, width = 0, index) => {
      if (width <= (floor[index] ?? 0)) return best;
      return best === undefined || width > (widths[best] ?? 0) ? index : best;
    }, undefined);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function totalOf(widths: Widths): number {
  const shown = widths.filter((width) => width !== undefined);
  return shown.reduce((sum, width) => sum + width, 0) + GAP.length * (shown.length - 1);
}

/** `name  value` lines with the values in one column. Ends in a newline; fields without a value are left out. */
export function fields(entries: readonly (readonly [name: string, value: Cell | undefined])[], style: Style): string {
  const shown = entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, toCell(value)] as const]));
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown
    .map(([name, cell]) => `${style("dim", pad(name, width))}${GAP}${style(cell.paint, cell.text)}\n`)
    .join("");
}
