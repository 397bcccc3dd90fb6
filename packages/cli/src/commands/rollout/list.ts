import { actorName, type Page, type RolloutSummary } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { parseCount } from "../../input/count.ts";
import { ago, percent } from "../../output/format.ts";
import { table } from "../../output/table.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { STATUS } from "./words.ts";

interface ListOptions {
  readonly flag?: string;
  readonly active?: boolean;
  readonly limit: number;
}

const LIMIT_MAX = 1000;

/** `rampart rollout list` */
export const defineList: Define = (rollout, bind) => {
  rollout
    .command("list")
    .summary("every rollout, newest first")
    .description("List the rollouts, newest first. With --environment only those in that environment.")
    .option("--flag <key>", "only those on this flag")
    .option("--active", "only those that are not over")
    .option("--limit <count>", `how many, 1 to ${LIMIT_MAX}`, parseCount(LIMIT_MAX), 50)
    .action(
      bind<readonly [], ListOptions>(async (run, _args, { flag, active, limit }) => {
        const api = await run.api();
        const page = await api.request<Page<RolloutSummary>>({
          path: paths.rollouts,
          query: { flag, environment: run.global.environment, active: active === true ? "true" : undefined, limit },
        });
        run.print(page, () => (page.items.length === 0 ? "" : listText(run, page.items)));
        if (page.items.length === 0 && !run.json) {
          run.note(
            flag === undefined && active !== true
              ? "there is no rollout yet; start one: rampart rollout start PLAN.yaml"
              : "no such rollout",
          );
        }
      }),
    );
};

function listText(run: Run, rollouts: readonly RolloutSummary[]): string {
  return table(
    [
      { title: "ID" },
      { title: "FLAG", shrinkTo: 12 },
      { title: "ENVIRONMENT", shrinkTo: 8 },
      { title: "STATUS" },
      { title: "AT", align: "right" },
      { title: "STAGE", shrinkTo: 8, optional: true },
      { title: "PLAN", shrinkTo: 8, optional: true },
      { title: "STARTED", optional: true },
      { title: "BY", shrinkTo: 6, optional: true },
    ],
    rollouts.map((one) => [
      one.id,
      { text: one.flag, paint: "bold" },
      one.environment,
      { text: STATUS[one.status].word, paint: STATUS[one.status].paint },
      percent(one.percentage),
      one.stage?.name ?? "-",
      `${one.plan.name} v${one.plan.version}`,
      { text: ago(one.startAt, run.io.now()), paint: "dim" },
      { text: actorName(one.createdBy), paint: "dim" },
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}
