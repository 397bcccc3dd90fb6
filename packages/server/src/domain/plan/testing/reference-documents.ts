/** A line of a team's document, and where it went. */
export interface DocumentLine {
  /** Lines of the document: `43`, `12,140`, `25-30`. */
  readonly lines: string;
  /** What they say, in short. */
  readonly says: string;
  /** The plan's line that they became; undefined: a plan doesn't do that. */
  readonly planLine?: { readonly number: number; readonly text: string };
  /** How, or what to do instead. */
  readonly note?: string;
}

const MARKER = /#\s*(doc|out):([\d,-]+)\s+(.*?)(?:\s+=>\s+(.*))?$/;

/**
 * The comments of a plan that say which line of a document a line of the plan is: `# doc:43 words => how`, on the plan's line or above it, and
 * `# out:34-39 words => instead` for what a plan doesn't do. In the order of the document.
 */
export function documentLines(plan: string): readonly DocumentLine[] {
  const lines = plan.split("\n");
  const found = lines.flatMap((line, index): readonly DocumentLine[] => {
    const marker = MARKER.exec(line);
    if (marker?.[1] === undefined || marker[2] === undefined || marker[3] === undefined) return [];
    const note = marker[4] === undefined ? {} : { note: marker[4] };
    const base = { lines: marker[2], says: marker[3], ...note };
    if (marker[1] === "out") return [base];
    const number = line.trim().startsWith("#") ? nextLine(lines, index) : index;
    return [{ ...base, planLine: { number: number + 1, text: withoutComment(lines[number] ?? "") } }];
  });
  return found.toSorted((a, b) => firstOf(a.lines) - firstOf(b.lines));
}

/** A table of a document's lines. `planPath`: the plan, as the page links to it. */
export function documentTable(plan: string, planPath: string): string {
  const rows = documentLines(plan).map(({ lines, says, planLine, note }) => {
    const where =
      planLine === undefined
        ? "not in the plan"
        : `[${planLine.number}](${planPath}#L${planLine.number}): \`${cut(planLine.text)}\``;
    return `| ${lines} | ${cell(says)} | ${cell(where)} | ${cell(note ?? "")} |`;
  });
  return [
    "| line | the document says | the plan's line | how, or what to do instead |",
    "| --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function nextLine(lines: readonly string[], from: number): number {
  const next = lines.findIndex((line, index) => index > from && line.trim() !== "" && !line.trim().startsWith("#"));
  return next === -1 ? from : next;
}

const withoutComment = (line: string): string => line.replace(/\s+#\s(?:doc:.*|Not in the document.*)$/, "").trim();
const firstOf = (lines: string): number => Number.parseInt(lines, 10);

/** Longer lines are cut: the link leads to the whole. */
const TEXT_LENGTH_MAX = 70;
const cut = (text: string): string =>
  (text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX - 1)}…` : text).replaceAll("`", "'");

/** A pipe would end the cell, and < begin a tag; within backquotes < is itself. */
const cell = (text: string): string =>
  text
    .split("`")
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll("<", "&lt;")))
    .join("`")
    .replaceAll("|", "\\|");
