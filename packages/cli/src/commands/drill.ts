import { writeFile } from "node:fs/promises";
import type {
  ClientsView,
  DrillPlanView,
  DrillView,
  FlagView,
  ReceiptsList,
  ReceiptsView,
  RolloutView,
} from "@rampart/core";
import { paths } from "../api/paths.ts";
import type { Api } from "../api/types.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { readText } from "../input/file.ts";
import { drillReport, drillText } from "../output/drill-report.ts";
import { seconds } from "../output/measure.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

const FLAG = "rampart-drill";
const LOOK_EVERY_MS = 250;
const EXPOSED_WITHIN_MS = 30_000;
/** Past the lease and the time in which receipts are waited for. */
const RECEIPTS_WITHIN_MS = 90_000;

const EXAMPLES = `
Examples:
  rampart drill --environment staging
  rampart drill -e staging --plan checkout.yaml --out drill.md

It makes the flag ${FLAG}, which no user meets, takes over the first rollback trigger on a metric of the plan (condition,
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
  await readyFlag(api, environment);
  const body = { environment, ...(source !== undefined && (await planOf(run, source))) };
  const plan = await api.request<DrillPlanView>({ method: "POST", path: paths.drillPlan, body });
  const { id } = await api.request<RolloutView>({ method: "POST", path: paths.rollouts, body: { plan: plan.text } });
  run.note(`drilling ${plan.trigger} (${plan.condition}) in ${environment} …`);
  const exposed = async (): Promise<boolean> => {
    const { percentage } = await api.request<RolloutView>({ path: paths.rolloutById(id) });
    const { total, current } = await api.request<ClientsView>({ path: paths.clients(environment) });
    return percentage === 100 && total === current;
  };
  if (!(await until(run, exposed, EXPOSED_WITHIN_MS)))
    throw late("the drill flag was not on in every client", EXPOSED_WITHIN_MS);
  await api.request({ method: "POST", path: paths.drillBreach, body: { environment } });
  let receipts: ReceiptsView | undefined;
  const closed = async (): Promise<boolean> => {
    const { items } = await api.request<ReceiptsList>({ path: paths.receipts(environment) });
    receipts = items.find((one) => one.rollout === id);
    return receipts !== undefined && receipts.verdict !== "open";
  };
  const withinMs = plan.withinMs + RECEIPTS_WITHIN_MS;
  if (!(await until(run, closed, withinMs)) || receipts === undefined)
    throw late("not every client confirmed the rollback", withinMs);
  const { revision } = receipts;
  return api.request<DrillView>({ method: "POST", path: paths.drills, body: { environment, revision } });
}

/** A file where there is one of that name, else a stored plan. */
async function planOf(run: Run, source: string): Promise<{ readonly text: string } | { readonly name: string }> {
  const looksLikeFile = /[/\\.]/.test(source);
  return looksLikeFile ? { text: await readText(run.io, source) } : { name: source };
}

/** There, on, and at 0 %: as the drill before left it, or new. */
async function readyFlag(api: Api, environment: string): Promise<void> {
  const known = await api.request<FlagView>({ path: paths.flag(FLAG) }).catch((error: unknown) => {
    if (error instanceof CliError && error.problem?.status === 404) return undefined;
    throw error;
  });
  if (known === undefined) {
    await api.request({
      method: "POST",
      path: paths.flags,
      body: { key: FLAG, description: "For drills; no code should ask for it." },
    });
  } else if (known.environments[environment]?.enabled === false) {
    await api.request({ method: "POST", path: paths.restore(environment, FLAG), body: {} });
  }
}

async function until(run: Run, holds: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += LOOK_EVERY_MS) {
    if (await holds()) return true;
    await run.io.sleep(LOOK_EVERY_MS);
  }
  return false;
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
