import type { RampView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import type { Define } from "../group.ts";
import { rampText } from "./ramp.ts";

/** `rampart flags restore FLAG` */
export const defineRestore: Define = (flags, bind) => {
  flags
    .command("restore <flag>")
    .summary("undo a kill: back to what it was before")
    .description(
      "Undo a kill: percentage, rules and targets are what they were. To start again from 0 %, set it to 0 first.",
    )
    .option("--reason <text>", "why, for the audit")
    .action(
      bind<readonly [flag: string], { readonly reason?: string }>(async (run, [key], { reason }) => {
        const api = await run.api();
        const body = reason === undefined ? {} : { reason };
        const ramp = await api.request<RampView>({ method: "POST", path: paths.restore(run.environment, key), body });
        run.print(ramp, () => rampText(run, ramp));
      }),
    );
};
