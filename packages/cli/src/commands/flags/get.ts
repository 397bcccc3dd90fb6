import type { FlagView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { ago, moment } from "../../output/format.ts";
import { fields, table } from "../../output/table.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { configDetails } from "./describe.ts";
import { stateCell } from "./state.ts";

/** `rampart flags get FLAG` */
export const defineGet: Define = (flags, bind) => {
  flags
    .command("get <flag>")
    .summary("one flag, with a line for each environment")
    .description(
      "Show a flag with a line for each environment; with --environment its whole configuration there, and how often it was asked for in the last 24 hours.",
    )
    .action(
      bind<readonly [flag: string]>(async (run, [key]) => {
        const api = await run.api();
        if (run.global.environment !== undefined) return configDetails(run, api, key);
        const flag = await api.request<FlagView>({ path: paths.flag(key) });
        run.print(flag, () => flagText(run, flag));
      }),
    );
};

function flagText(run: Run, flag: FlagView): string {
  const now = run.io.now();
  const variants = Object.entries(flag.variants).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  const about = fields(
    [
      ["flag", { text: flag.key, paint: "bold" }],
      ["type", flag.type],
      ["description", flag.description === "" ? undefined : flag.description],
      ["variants", variants.join(", ")],
      ["tags", flag.tags.length === 0 ? undefined : flag.tags.join(" ")],
      ["owner", flag.owner],
      ["expected end", flag.expectedEnd],
      ["created", `${moment(flag.createdAt)} UTC (${ago(flag.createdAt, now)})`],
      ["updated", `${moment(flag.updatedAt)} UTC (${ago(flag.updatedAt, now)})`],
    ],
    run.style,
  );
  const lines = table(
    [
      { title: "ENVIRONMENT" },
      { title: "STATE", shrinkTo: 12 },
      { title: "REVISION", align: "right" },
      { title: "LAST ASKED FOR" },
    ],
    Object.entries(flag.environments).map(([name, state]) => [
      name,
      stateCell(state),
      String(state.revision),
      state.lastEvaluatedAt === undefined ? "not in 30 d" : ago(state.lastEvaluatedAt, now),
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
  return `${about}\n${lines}`;
}
