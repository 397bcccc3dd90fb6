import { writeFile } from "node:fs/promises";
import { rehearseRollback, type DrillView, type JsonObject } from "@rampart/core";
import type { Api } from "../api/types.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { readText } from "../input/file.ts";
import { drillReport, drillText } from "../output/drill-report.ts";
import { seconds } from "../output/measure.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

const EXAMPLES = `
Examples:
  rampart drill --environment staging
  rampart drill -e staging --plan checkout.yaml --out drill.md

It makes the flag rampart-drill, which no user meets, takes over the first rollback trigger on a metric of the plan (condition,
interval and for), ramps the flag to 100 %, feeds a breach into that trigger's metric, waits until every connected SDK has
confirmed the rollback, and records how long each leg took. Without --plan the metric is looked at each second. Plans can
ask for a recent drill: preconditions: [{ drill: { within: 7d, under: 30s } }]
`;

interface Options {
  readonly plan?: string;
  readonly out?: string;
}

/** `rampart drill` */
export const define: Define = (command, bind) => {
  command
    .description("Rehearse a rollback: the real path, with every connected SDK, on a flag that no user meets.")
    .option("--plan <file|name>", "whose trigger to rehearse: a plan's file, or the name of a stored one")
    .option("--out <file>", "write the report as Markdown")
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [], Options>(async (run, _, { plan, out }) => {
        const drill = await rehearse(run, await run.api(), plan);
        if (out !== undefined) await writeFile(out, drillReport(drill));
        run.print(drill, () => drillText(drill));
        if (!run.json) run.note(`recorded for ${drill.environment}, revision ${drill.revision}`);
        if (drill.withinMs !== undefined && drill.tookMs > drill.withinMs) throw tooSlow(drill);
      }),
    );
};

async function rehearse(run: Run, api: Api, source: string | undefined): Promise<DrillView> {
  const { environment } = run;
  const rehearsed = await rehearseRollback({
    environment,
    ...(source !== undefined && { plan: await planOf(run, source) }),
    call: (method, path, body) => api.request({ method, path, ...(body && { body: body as JsonObject }) }),
    isMissing: (error) => error instanceof CliError && error.problem?.status === 404,
    pause: (ms) => run.io.sleep(ms),
    onStep: (step) => {
      if (step.kind === "exposing")
        run.note(`rehearsing the trigger ${step.trigger} (${step.condition}) in ${environment} …`);
    },
  });
  if (rehearsed.kind === "recorded") return rehearsed.drill;
  throw late(LATE[rehearsed.missed], rehearsed.withinMs);
}

const LATE = {
  exposed: "the drill flag was not on in every client",
  confirmed: "not every client confirmed the rollback",
} as const;

/** A file where there is one of that name, else a stored plan. */
async function planOf(run: Run, source: string): Promise<{ readonly text: string } | { readonly name: string }> {
  const looksLikeFile = /[/\\.]/.test(source);
  return looksLikeFile ? { text: await readText(run.io, source) } : { name: source };
}

function late(what: string, withinMs: number): CliError {
  return new CliError({
    code: "DRILL_LATE",
    message: `${what} within ${withinMs / 1000} s`,
    lines: ["see rampart clients and rampart receipts"],
    exitCode: EXIT.timedOut,
  });
}

function tooSlow({ tookMs, withinMs = 0 }: DrillView): CliError {
  return new CliError({
    code: "DRILL_SLOW",
    message: `the drill took ${seconds(tookMs)}, more than ${seconds(withinMs)}`,
    lines: ["it is recorded; the report says where the time went"],
    exitCode: EXIT.failure,
  });
}
