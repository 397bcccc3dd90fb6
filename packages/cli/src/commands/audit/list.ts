import { actorName, type AuditEntry, type Page } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { parseCount, parseNumber } from "../../input/count.ts";
import { moment, orDash } from "../../output/format.ts";
import { table } from "../../output/table.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";

interface ListOptions {
  readonly limit: number;
  readonly before?: number;
  readonly after?: number;
  readonly flag?: string;
  readonly target?: string;
  readonly action?: string;
  readonly actor?: string;
}

const LIMIT_MAX = 1000;
const parseEntryNumber = parseNumber("audit list");

/** `rampart audit list` */
export const defineList: Define = (audit, bind) => {
  audit
    .command("list")
    .summary("the latest changes, newest first")
    .description(
      "List who changed what, why and when; newest first. With --environment only what concerns that environment.",
    )
    .option("--limit <count>", `how many, 1 to ${LIMIT_MAX}`, parseCount(LIMIT_MAX), 50)
    .option("--before <number>", "only entries before this number, to page back", parseEntryNumber)
    .option("--after <number>", "only entries after this number", parseEntryNumber)
    .option("--flag <key>", "only changes of this flag")
    .option("--target <target>", "only changes of this target, as flag/KEY, segment/KEY or token/ID")
    .option("--action <action>", "only this action, as flag.killed")
    .option("--actor <actor>", "only this actor")
    .action(
      bind<readonly [], ListOptions>(async (run, _args, { flag, target, ...query }) => {
        const api = await run.api();
        const page = await api.request<Page<AuditEntry>>({
          path: paths.audit,
          query: {
            ...query,
            target: target ?? (flag === undefined ? undefined : `flag/${flag}`),
            environment: run.global.environment,
          },
        });
        run.print(page, () => (page.items.length === 0 ? "" : listText(run, page.items)));
        if (!run.json && page.items.length === 0) run.note("no such change was recorded");
      }),
    );
};

function listText(run: Run, entries: readonly AuditEntry[]): string {
  return table(
    [
      { title: "NUMBER", align: "right" },
      { title: "UTC" },
      { title: "ACTION" },
      { title: "TARGET", shrinkTo: 16 },
      { title: "ENVIRONMENT", shrinkTo: 8 },
      { title: "REVISION", align: "right", optional: true },
      { title: "ACTOR", shrinkTo: 10 },
      { title: "REASON", shrinkTo: 10 },
    ],
    entries.map((entry) => [
      String(entry.seq),
      moment(entry.at),
      { text: entry.action, paint: entry.action === "flag.killed" ? "red" : "none" },
      { text: entry.target, paint: "bold" },
      orDash(entry.environment),
      orDash(entry.revision),
      actorName(entry.actor),
      orDash(entry.reason),
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}
