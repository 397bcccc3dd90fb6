import type { Style } from "./style.ts";
import type { Cell } from "./table.ts";
import { printable, truncate, widthOf } from "./text.ts";

/** What lines are drawn on. */
export interface Canvas {
  readonly style: Style;
  /** Columns of the terminal; undefined: as wide as it needs to be. */
  readonly columns: number | undefined;
}

/** The cells one after the other in one line, cut where the terminal ends. Without a newline. */
export function line(canvas: Canvas, ...cells: readonly Cell[]): string {
  let left = canvas.columns ?? Infinity;
  let text = "";
  for (const cell of cells) {
    const [raw, paint] = typeof cell === "string" ? ([cell, "none"] as const) : ([cell.text, cell.paint] as const);
    const clean = printable(raw);
    const shown = left === Infinity ? clean : truncate(clean, left);
    text += canvas.style(paint, shown);
    left -= widthOf(shown);
    if (shown !== clean) break;
  }
  return text.trimEnd();
}

/** The text in lines of at most `columns` columns, broken at spaces; a word that is longer has a line of its own. */
export function wrap(text: string, columns: number | undefined): readonly string[] {
  const clean = printable(text);
  if (columns === undefined || widthOf(clean) <= columns) return [clean];
  const lines: string[] = [];
  let current = "";
  for (const word of clean.split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current !== "" && widthOf(longer) > columns) {
      lines.push(current);
      current = word;
    } else {
      current = longer;
    }
  }
  return [...lines, current];
}
