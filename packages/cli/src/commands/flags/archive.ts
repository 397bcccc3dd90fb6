import type { FlagView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { CliError } from "../../errors.ts";
import { canAsk } from "../../io.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";

/** `rampart flags archive FLAG` */
export const defineArchive: Define = (flags, bind) => {
  flags
    .command("archive <flag>")
    .summary("delete a flag everywhere; its key is kept back")
    .description(
      "Delete a flag in every environment. Programs that still ask for it get their own default. The key stays taken, so that nobody gets another flag by accident. On a terminal it asks first when somebody has the flag.",
    )
    .option("-y, --yes", "don't ask")
    .option("--reason <text>", "why, for the audit")
    .action(
      bind<readonly [flag: string], { readonly yes?: boolean; readonly reason?: string }>(
        async (run, [key], { yes, reason }) => {
          const api = await run.api();
          const flag = await api.request<FlagView>({ path: paths.flag(key) });
          if (yes !== true && canAsk(run.io)) await confirm(run, flag);
          const answer = await api.request<unknown>({ method: "DELETE", path: paths.flag(key), query: { reason } });
          run.print(answer ?? flag, () => `archived ${flag.key}\n`);
        },
      ),
    );
};

async function confirm(run: Run, flag: FlagView): Promise<void> {
  const on = Object.entries(flag.environments)
    .filter(([, state]) => state.enabled && (state.percentage !== 0 || state.rules > 0 || state.targets > 0))
    .map(([name]) => name);
  if (on.length === 0) return;
  const answer = await run.io.ask(`${flag.key} is on in ${on.join(", ")}. Archive it all the same? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new CliError({ code: "DECLINED", message: `${flag.key} was left as it is` });
}
