import { measure } from "@rampart/core";
import type { ClientsView, DrillView, FlagView, ReceiptsList, ReceiptsView, RolloutView } from "@rampart/core";
import { paths } from "../api/paths.ts";
import type { Api } from "../api/types.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { plural } from "../output/format.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

const FLAG = "rampart-drill";
const SIGNAL = "rampart_drill";
const LOOK_EVERY_MS = 250;
const EXPOSED_WITHIN_MS = 30_000;
/** Past the lease and the time in which receipts are waited for. */
const RECEIPTS_WITHIN_MS = 90_000;

const EXAMPLES = `
Example:
  rampart drill --environment staging

It makes the flag ${FLAG}, which no user meets, ramps it to 100 % by a plan, pushes the signal of that plan's trigger,
waits until every connected SDK has confirmed the rollback, and records how long all of it took. Plans can ask for a
recent drill: preconditions: [{ drill: { within: 7d, under: 30s } }]
`;

/** `rampart drill` */
export const define: Define = (command, bind) => {
  command
    .description("Rehearse a rollback: the real path, with every connected SDK, on a flag that no user meets.")
    .addHelpText("after", EXAMPLES)
    .action(
      bind(async (run) => {
        const drill = await rehearse(run, await run.api());
        run.print(
          drill,
          () => `rolled back in ${plural(drill.clients, "client")} within ${measure(drill.tookMs / 1000, "seconds")}\n`,
        );
        if (!run.json) run.note(`recorded for ${drill.environment}, revision ${drill.revision}`);
      }),
    );
};

async function rehearse(run: Run, api: Api): Promise<DrillView> {
  const { environment } = run;
  await readyFlag(api, environment);
  const { id } = await api.request<RolloutView>({
    method: "POST",
    path: paths.rollouts,
    body: { plan: planText(environment) },
  });
  run.note(`drilling in ${environment} …`);
  const exposed = async (): Promise<boolean> => {
    const { percentage } = await api.request<RolloutView>({ path: paths.rolloutById(id) });
    const { total, current } = await api.request<ClientsView>({ path: paths.clients(environment) });
    return percentage === 100 && total === current;
  };
  if (!(await until(run, exposed, EXPOSED_WITHIN_MS)))
    throw late("the drill flag was not on in every client", EXPOSED_WITHIN_MS);
  await api.request({ method: "POST", path: paths.signals, body: { name: SIGNAL, environment, flag: FLAG } });
  let receipts: ReceiptsView | undefined;
  const closed = async (): Promise<boolean> => {
    const { items } = await api.request<ReceiptsList>({ path: paths.receipts(environment) });
    receipts = items.find((one) => one.rollout === id);
    return receipts !== undefined && receipts.verdict !== "open";
  };
  if (!(await until(run, closed, RECEIPTS_WITHIN_MS)) || receipts === undefined)
    throw late("not every client confirmed the rollback", RECEIPTS_WITHIN_MS);
  return api.request<DrillView>({
    method: "POST",
    path: paths.drills,
    body: { environment, revision: receipts.revision },
  });
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

function planText(environment: string): string {
  return JSON.stringify({
    apiVersion: "rampart/v1",
    kind: "RolloutPlan",
    metadata: { name: "rampart-drill", title: "Drill" },
    spec: {
      flag: FLAG,
      environment,
      interval: "1s",
      triggers: [{ name: "drill", signal: SIGNAL, action: "rollback", severity: "P3" }],
      stages: [{ name: "everybody", percentage: 100, duration: "1h" }],
    },
  });
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
