import { verdictOf } from "./results.mjs";
import { number } from "./stats.mjs";

/** A table for the terminal. */
export function tableText({ title, columns, rows }) {
  const widths = columns.map((column, i) =>
    Math.max(...wordsOf(column).map((word) => word.length), ...rows.map((row) => row[i].length)),
  );
  const line = (cells) =>
    `${cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join("  ")
      .trimEnd()}\n`;
  return `${title}\n${headLines(columns, widths).map(line).join("")}${rows.map(line).join("")}`;
}

const wordsOf = (text) => text.split(" ");

/** Column heads, broken over as many lines as they need. */
function headLines(columns, widths) {
  const broken = columns.map((column, i) => {
    const lines = [""];
    for (const word of wordsOf(column)) {
      const last = lines.at(-1);
      if (last === "") lines[lines.length - 1] = word;
      else if (last.length + 1 + word.length <= widths[i]) lines[lines.length - 1] = `${last} ${word}`;
      else lines.push(word);
    }
    return lines;
  });
  const height = Math.max(...broken.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) => broken.map((lines) => lines[row - (height - lines.length)] ?? ""));
}

/** Ratios with both digits: 1.304 is not 1.3 when the goal is. */
const figure = (value, unit) => (unit === "×" && value < 10 ? value.toFixed(2) : number(value));

const boundText = { atMost: "at most", atLeast: "at least" };

/** `goal`'s three cells: what was measured, what was wanted, and the verdict. */
export function goalCells(goal) {
  const verdict = verdictOf(goal);
  const measured = verdict.kind === "unmeasured" ? "–" : `${figure(goal.measured, goal.unit)} ${goal.unit}`;
  const wanted = `${boundText[goal.bound]} ${figure(goal.limit, goal.unit)} ${goal.unit}`;
  switch (verdict.kind) {
    case "hit":
      return [measured, wanted, "hit"];
    case "miss":
      return [
        measured,
        wanted,
        verdict.missedBy === undefined ? "missed" : `missed by ${number(verdict.missedBy * 100)} %`,
      ];
    case "unmeasured":
      return [measured, wanted, "not measured"];
  }
}

export const goalLines = (goals) =>
  goals.map((goal) => {
    const [measured, wanted, verdict] = goalCells(goal);
    return `${verdict.padEnd(14)} ${goal.text}: ${measured} (${wanted})`;
  });
