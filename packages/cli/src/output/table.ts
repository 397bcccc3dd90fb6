import type { Paint, Style } from "./style.ts";
import { pad, printable, truncate, widthOf } from "./text.ts";

/** A cell: its text, and how to paint it. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
  /** The width below which it isn't cut on a narrow terminal. Undefined: never cut. */
  readonly shrinkTo?: number;
}

export interface TableOptions {
  readonly style: Style;
  /** Columns of the terminal; undefined: as wide as it needs to be. */
  readonly columns: number | undefined;
}

const GAP = "  ";

/** Aligned columns under a heading. One line a row, whatever the cells hold. Ends in a newline. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], options: TableOptions): string {
  const cells = rows.map((row) => columns.map((_, index) => toCell(row[index] ?? "")));
  const natural = columns.map((column, index) =>
    Math.max(widthOf(column.title), ...cells.map((row) => widthOf(row[index]?.text ?? ""))),
  );
  const widths = options.columns === undefined ? natural : fit(columns, natural, options.columns);
  const line = (texts: readonly { readonly text: string; readonly paint: Paint }[]): string => {
    const parts = texts.map(({ text, paint }, index) => {
      const last = index === texts.length - 1 && columns[index]?.align !== "right";
      const width = widths[index] ?? 0;
      const cut = truncate(text, width);
      const filled = last ? cut : pad(cut, width, columns[index]?.align);
      return options.style(paint, filled);
    });
    return `${parts.join(GAP).trimEnd()}\n`;
  };
  const head = line(columns.map((column) => ({ text: column.title, paint: "dim" })));
  return head + cells.map(line).join("");
}

function toCell(cell: Cell): { readonly text: string; readonly paint: Paint } {
  return typeof cell === "string" ? { text: printable(cell), paint: "none" } : { ...cell, text: printable(cell.text) };
}

/** Takes columns away from the widest column that may shrink until the table fits, or nothing is left to take. */
function fit(columns: readonly Column[], natural: readonly number[], available: number): readonly number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP.length * (columns.length - 1) - available;
  while (excess > 0) {
    const widest = columns.reduce<number | undefined>((best, column, index) => {
      const room = (widths[index] ?? 0) - (column.shrinkTo ?? Infinity);
      if (room <= 0) return best;
      return best === undefined || (widths[index] ?? 0) > (widths[best] ?? 0) ? index : best;
    }, undefined);
    if (widest === undefined) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

/** `name  value` lines with the values in one column. Ends in a newline; fields without a value are left out. */
export function fields(entries: readonly (readonly [name: string, value: Cell | undefined])[], style: Style): string {
  const shown = entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, toCell(value)] as const]));
  const width = Math.max(0, ...shown.map(([name]) => widthOf(name)));
  return shown.map(([name, cell]) => `${style("dim", pad(name, width))}${GAP}${style(cell.paint, cell.text)}\n`).join("");
}
