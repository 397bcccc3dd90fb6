import type { QuantilesView, ReceiptsList, ReceiptsVerdict, ReceiptsView } from "@rampart/core";
import { paths } from "../api/paths.ts";
import { parseNumber } from "../input/count.ts";
import { ago, count, orDash, plural } from "../output/format.ts";
import { seconds } from "../output/measure.ts";
import type { Paint } from "../output/style.ts";
import { table, type Cell } from "../output/table.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

const EXAMPLES = `
Examples:
  rampart receipts        the last kills and rollbacks, and how far each has come
  rampart receipts 4711   one of them: where the time went, and who is missing

proven    every client that could have been on said that it applied the change
bounded   some said nothing, and the lease of each of them is over: they are off by themselves
unproven  some said nothing, and nothing shows that they are off
open      it can still change
`;

/** `rampart receipts` */
export const define: Define = (command, bind) => {
  command
    .description("Show who applied the kills and rollbacks of an environment, how long that took, and who is missing.")
    .argument(
      "[revision]",
      "the environment's revision that the kill or rollback made",
      parseNumber("rampart receipts"),
    )
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [revision: number | undefined]>(async (run, [revision]) => {
        if (revision === undefined) await list(run);
        else await one(run, revision);
      }),
    );
};

async function list(run: Run): Promise<void> {
  const api = await run.api();
  const { items } = await api.request<ReceiptsList>({ path: paths.receipts(run.environment) });
  run.print({ items }, () => (items.length === 0 ? "" : listText(run, items)));
  if (!run.json && items.length === 0)
    run.note(`nothing was killed or rolled back in ${run.environment} since the server started`);
}

async function one(run: Run, revision: number): Promise<void> {
  const api = await run.api();
  const view = await api.request<ReceiptsView>({ path: paths.receiptsOf(run.environment, revision) });
  run.print(view, () => oneText(run, view));
  if (!run.json) run.note(summary(view));
}

const VERDICTS: { readonly [verdict in ReceiptsVerdict]: Paint } = {
  open: "cyan",
  proven: "green",
  bounded: "yellow",
  unproven: "red",
};

function listText(run: Run, items: readonly ReceiptsView[]): string {
  return table(
    [
      { title: "REVISION", align: "right" },
      { title: "FLAG", shrinkTo: 12 },
      { title: "VERDICT" },
      { title: "CONFIRMED", align: "right" },
      { title: "EXPECTED", align: "right" },
      { title: "P50", align: "right", optional: true },
      { title: "P99", align: "right" },
      { title: "MAX", align: "right" },
      { title: "WHEN" },
    ],
    items.map((view) => [
      String(view.revision),
      { text: view.flags.join(", "), paint: "bold" },
      { text: view.verdict, paint: VERDICTS[view.verdict] },
      count(view.acknowledged),
      count(view.expected),
      ...quantileCells(view.applied),
      { text: ago(view.committedAt, run.io.now()), paint: "dim" },
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

function quantileCells(quantiles: QuantilesView | undefined): readonly Cell[] {
  const { p50Ms, p99Ms, maxMs } = quantiles ?? {};
  return [p50Ms, p99Ms, maxMs].map((ms) => orDash(ms === undefined ? undefined : seconds(ms)));
}

function oneText(run: Run, view: ReceiptsView): string {
  const style = { style: run.style, columns: run.io.stdout.columns };
  const { dataAgeMs, decideMs, commitMs, writeMs, apply } = view.legs;
  const single = (name: string, ms: number | undefined): (readonly Cell[])[] =>
    ms === undefined ? [] : [[name, orDash(undefined), orDash(undefined), seconds(ms)]];
  const legs = table(
    [
      { title: "LEG" },
      { title: "P50", align: "right" },
      { title: "P99", align: "right" },
      { title: "MAX", align: "right" },
    ],
    [
      ...single("age of the data", dataAgeMs),
      ...single("sample to decision", decideMs),
      ...single("decision to commit", commitMs),
      ...single("commit to sockets", writeMs),
      ["sockets to applied", ...quantileCells(apply)],
      ["commit to applied", ...quantileCells(view.applied)],
    ],
    style,
  );
  return view.stragglers.length === 0 ? legs : `${legs}\n${stragglersText(run, view)}`;
}

function stragglersText(run: Run, { stragglers }: ReceiptsView): string {
  const now = run.io.now();
  return table(
    [
      { title: "MISSING", shrinkTo: 8 },
      { title: "SDK" },
      { title: "ADDRESS", shrinkTo: 9 },
      { title: "HAD REVISION", align: "right" },
      { title: "LAST CONTACT" },
      { title: "OFF BY ITS LEASE" },
    ],
    stragglers.map(({ instanceId, sdk, address, revision, lastContactAt, offAt }) => [
      instanceId,
      sdk,
      address,
      String(revision),
      ago(lastContactAt, now),
      offAt === undefined ? { text: "never", paint: "red" } : ago(offAt, now),
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

function summary({ verdict, revision, environment, flags, expected, acknowledged, stragglers }: ReceiptsView): string {
  const missing = expected - acknowledged;
  const named = missing > stragglers.length ? `, ${count(stragglers.length)} of them are named` : "";
  const who = missing === 0 ? "nobody is missing" : `${plural(missing, "client")} missing${named}`;
  return `${verdict}: ${count(acknowledged)} of ${count(expected)} clients have ${flags.join(", ")} off at revision ${revision} of ${environment}; ${who}`;
}
