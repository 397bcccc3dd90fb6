import type { JsonObject, SegmentView } from "@rampart/core";
import type { Command } from "commander";
import { allPages } from "../api/pages.ts";
import { paths } from "../api/paths.ts";
import { usageError } from "../errors.ts";
import { readJsonObject } from "../input/json.ts";
import { collect } from "../input/pairs.ts";
import { ago, count, moment, plural } from "../output/format.ts";
import { fields, table } from "../output/table.ts";
import { printable } from "../output/text.ts";
import type { Bind, Run } from "../run.ts";
import { clauseText } from "./flags/describe.ts";
import type { Define } from "./group.ts";

interface EditOptions {
  readonly description?: string;
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly remove?: readonly string[];
  readonly file?: string;
  readonly reuse?: boolean;
  readonly reason?: string;
}

const IDS_SHOWN_MAX = 10;

/** `rampart segments …` */
export const define: Define = (segments, bind) => {
  defineRead(segments, bind);
  defineWrite(segments, bind);
};

function defineRead(segments: Command, bind: Bind): void {
  segments
    .command("list")
    .summary("every segment")
    .description("List the segments with the number of ids and rules in each.")
    .action(
      bind(async (run) => {
        const page = await allPages<SegmentView>(await run.api(), paths.segments);
        run.print(page, () => (page.items.length === 0 ? "" : listText(run, page.items)));
        if (page.items.length === 0 && !run.json)
          run.note("there is no segment yet; make one: rampart segments create testers --include anna");
      }),
    );
  segments
    .command("get <segment>")
    .summary("one segment with its ids and rules")
    .description("Show a segment. Excluded ids beat included ones, which beat the rules.")
    .action(
      bind<readonly [segment: string]>(async (run, [key]) => {
        const segment = await (await run.api()).request<SegmentView>({ path: paths.segment(key) });
        run.print(segment, () => segmentText(run, segment));
      }),
    );
}

function defineWrite(segments: Command, bind: Bind): void {
  withEdits(segments.command("create <key>"))
    .summary("make a segment")
    .description("Make a segment of ids, of rules (in a file), or of both.")
    .option("--reuse", "take a key that a deleted segment had")
    .action(
      bind<readonly [key: string], EditOptions>(async (run, [key], options) => {
        const fromFile = options.file === undefined ? {} : await readJsonObject(run.io, options.file);
        const lists = listsOf({ included: [], excluded: [] }, options);
        const reuse = options.reuse === true ? { reuse: true } : {};
        const body = { ...fromFile, ...lists, ...textOf(options), key, ...reuse, ...reasonOf(options) };
        const segment = await (await run.api()).request<SegmentView>({ method: "POST", path: paths.segments, body });
        run.print(segment, () => `created segment ${segment.key} (${contents(segment)})\n`);
      }),
    );
  withEdits(segments.command("set <segment>"))
    .summary("change a segment")
    .description(
      "Add and take out ids, or replace any part of a segment from a file. The change counts in every environment.",
    )
    .option("--remove <id>", "take this id out of both lists; may be given more than once", collect)
    .action(
      bind<readonly [segment: string], EditOptions>(async (run, [key], options) => {
        const fromFile = options.file === undefined ? {} : await readJsonObject(run.io, options.file);
        const api = await run.api();
        const current = await api.request<SegmentView>({ path: paths.segment(key) });
        const body: JsonObject = { ...fromFile, ...listsOf(current, options), ...textOf(options) };
        if (Object.keys(body).length === 0)
          throw usageError(
            "nothing to set was given",
            "allowed: --include, --exclude, --remove, --description, --file",
          );
        const segment = await api.request<SegmentView>({
          method: "PATCH",
          path: paths.segment(key),
          body: { ...body, ...reasonOf(options) },
        });
        run.print(segment, () => `changed segment ${segment.key} (${contents(segment)})\n`);
      }),
    );
  segments
    .command("delete <segment>")
    .summary("delete a segment that no rule uses")
    .description("Delete a segment. It is refused while a rule refers to it.")
    .option("--reason <text>", "why, for the audit")
    .action(
      bind<readonly [segment: string], { readonly reason?: string }>(async (run, [key], { reason }) => {
        const answer = await (
          await run.api()
        ).request<unknown>({ method: "DELETE", path: paths.segment(key), query: { reason } });
        run.print(answer ?? { key }, () => `deleted segment ${key}\n`);
      }),
    );
}

function withEdits(command: Command): Command {
  return command
    .option("--include <id>", "an id that is in, whatever the rules say; may be given more than once", collect)
    .option("--exclude <id>", "an id that is out, whatever else says; may be given more than once", collect)
    .option("--description <text>", "who is in it")
    .option("--file <path>", "a JSON object with included, excluded, rules, description; - reads stdin")
    .option("--reason <text>", "why, for the audit");
}

/** The lists that change, whole. */
function listsOf(current: Pick<SegmentView, "included" | "excluded">, options: EditOptions): JsonObject {
  const { include = [], exclude = [], remove = [] } = options;
  const gone = new Set(remove);
  const merged = (
    before: readonly string[],
    added: readonly string[],
    elsewhere: readonly string[],
  ): readonly string[] => [...new Set([...before, ...added])].filter((id) => !gone.has(id) && !elsewhere.includes(id));
  const touched = include.length + exclude.length + remove.length > 0;
  if (!touched) return {};
  return { included: merged(current.included, include, exclude), excluded: merged(current.excluded, exclude, include) };
}

function textOf({ description }: EditOptions): JsonObject {
  return description === undefined ? {} : { description };
}

function reasonOf({ reason }: EditOptions): JsonObject {
  return reason === undefined ? {} : { reason };
}

function contents(segment: SegmentView): string {
  return `${count(segment.included.length)} included, ${count(segment.excluded.length)} excluded, ${plural(segment.rules.length, "rule")}`;
}

function listText(run: Run, segments: readonly SegmentView[]): string {
  return table(
    [
      { title: "SEGMENT", shrinkTo: 16 },
      { title: "INCLUDED", align: "right" },
      { title: "EXCLUDED", align: "right" },
      { title: "RULES", align: "right" },
      { title: "UPDATED" },
      { title: "DESCRIPTION", shrinkTo: 12 },
    ],
    segments.map((segment) => [
      { text: segment.key, paint: "bold" },
      count(segment.included.length),
      count(segment.excluded.length),
      count(segment.rules.length),
      { text: ago(segment.updatedAt, run.io.now()), paint: "dim" },
      segment.description,
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

function segmentText(run: Run, segment: SegmentView): string {
  const about = fields(
    [
      ["segment", { text: segment.key, paint: "bold" }],
      ["description", segment.description === "" ? undefined : segment.description],
      ["included", idsText(segment.included)],
      ["excluded", idsText(segment.excluded)],
      ["updated", `${moment(segment.updatedAt)} UTC (${ago(segment.updatedAt, run.io.now())})`],
    ],
    run.style,
  );
  if (segment.rules.length === 0) return about;
  const rules = segment.rules.map((rule) => `  ${printable(rule.clauses.map(clauseText).join(" and "))}\n`);
  return `${about}\n${run.style("dim", `${plural(segment.rules.length, "rule")}, any of which lets in`)}\n${rules.join("")}`;
}

function idsText(ids: readonly string[]): string | undefined {
  if (ids.length === 0) return undefined;
  const rest = ids.length - IDS_SHOWN_MAX;
  return `${ids.slice(0, IDS_SHOWN_MAX).join(", ")}${rest > 0 ? ` and ${count(rest)} more` : ""}`;
}
