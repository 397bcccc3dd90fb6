import type { FlagConfigView, RampView } from "@rampart/core";
import type { Api } from "../../api/types.ts";
import { paths } from "../../api/paths.ts";
import { parseNumber } from "../../input/count.ts";
import { collect } from "../../input/pairs.ts";
import { readJsonObject } from "../../input/json.ts";
import { parsePercentage } from "../../input/percentage.ts";
import { plural } from "../../output/format.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { type Change, changeOf, type SetOptions } from "./change.ts";
import { serveText } from "./describe.ts";
import { rampText } from "./ramp.ts";

const EXAMPLES = `
Examples:
  rampart flags set new_checkout 5%                         ramp it to 5 % in production
  rampart flags set new_checkout 100 -e staging             everybody, in staging
  rampart flags set new_checkout --target anna=on           anna has it, whatever the percentage
  rampart flags set banner --variant blue --reason "sale"   one variant for everybody
  rampart flags set new_checkout --file patch.json          any part of the configuration; - is stdin
`;

/** `rampart flags set FLAG [PERCENTAGE]` */
export const defineSet: Define = (flags, bind) => {
  flags
    .command("set <flag> [percentage]")
    .summary("ramp a flag, or change its configuration")
    .description(
      "Ramp a boolean flag to a percentage of its users, or change its configuration in one step. An edit that somebody else overtook changes nothing: exit code 4, and what is different.",
    )
    .option("--percentage <percentage>", "0 to 100, at most three decimals", parsePercentage)
    .option("--enable", "let percentage, rules and targets count")
    .option("--disable", "everybody gets the off variant")
    .option("--client-visible", "browsers may know of it")
    .option("--no-client-visible", "they may not")
    .option("--variant <name>", "what everybody gets whom no rule or target decides for")
    .option("--target <id=variant>", "give this id that variant; may be given more than once", collect)
    .option("--untarget <id>", "take this id's target away; may be given more than once", collect)
    .option("--file <path>", "a JSON object with the fields to change; - reads stdin")
    .option(
      "--if-revision <revision>",
      "only when the configuration is still at this revision",
      parseNumber("flags get"),
    )
    .option("--reason <text>", "why, for the audit")
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [flag: string, percentage: string | undefined], SetOptions>(
        async (run, [key, positional], options) => {
          const percentage = positional === undefined ? undefined : parsePercentage(positional);
          const file = options.file === undefined ? undefined : await readJsonObject(run.io, options.file);
          const change = changeOf(key, percentage, options, file);
          const api = await run.api();
          if (change.kind === "ramp" && options.ifRevision === undefined)
            await ramp(run, api, key, change.percentage, options);
          else await edit(run, api, key, change, options);
        },
      ),
    );
};

async function ramp(run: Run, api: Api, key: string, percentage: number, { reason }: SetOptions): Promise<void> {
  const body = { percentage, ...(reason === undefined ? {} : { reason }) };
  const answer = await api.request<RampView>({ method: "POST", path: paths.rollout(run.environment, key), body });
  run.print(answer, () => rampText(run, answer));
}

async function edit(run: Run, api: Api, key: string, change: Change, options: SetOptions): Promise<void> {
  const path = paths.config(run.environment, key);
  const current = await api.request<FlagConfigView>({ path });
  const patch = change.kind === "ramp" ? { fallthrough: { percentage: change.percentage } } : change.patch;
  const body = options.reason === undefined ? patch : { ...patch, reason: options.reason };
  const next = await api.request<FlagConfigView>({
    method: "PATCH",
    path,
    body,
    ifMatch: options.ifRevision ?? current.revision,
  });
  run.print(next, () => editText(run, current, next));
}

function editText(run: Run, before: FlagConfigView, after: FlagConfigView): string {
  const where = `${run.style("bold", after.key)} in ${after.environment}`;
  if (after.revision === before.revision) return `${where}: nothing had to change (revision ${after.revision})\n`;
  const parts = [plural(after.rules.length, "rule"), plural(Object.keys(after.targets).length, "target")].filter(
    (part) => !part.startsWith("0 "),
  );
  const state = after.enabled
    ? `${run.style("green", "enabled")}: ${[...parts, `otherwise ${serveText(after.fallthrough)}`].join(", ")}`
    : run.style("red", "off for everybody");
  return `${where}: ${state}${visibility(before, after)} (revision ${after.revision})\n`;
}

function visibility(before: FlagConfigView, after: FlagConfigView): string {
  if (before.clientVisible === after.clientVisible) return "";
  return after.clientVisible ? "; browsers may know of it now" : "; browsers hear nothing of it any more";
}
