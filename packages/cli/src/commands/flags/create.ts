import type { FlagType, FlagView, JsonObject } from "@rampart/core";
import { Option } from "commander";
import { paths } from "../../api/paths.ts";
import { collect, parsePairs } from "../../input/pairs.ts";
import type { Define } from "../group.ts";

interface CreateOptions {
  readonly type: FlagType;
  readonly description?: string;
  readonly variant?: readonly string[];
  readonly tag?: readonly string[];
  readonly owner?: string;
  readonly expectedEnd?: string;
  readonly reuse?: boolean;
}

const TYPES: readonly FlagType[] = ["boolean", "string", "number", "json"];

export const defineCreate: Define = (flags, bind) => {
  flags
    .command("create <key>")
    .summary("make a flag; nobody has it until it is set")
    .description("Make a flag in every environment. A boolean flag starts at 0 %.")
    .addOption(new Option("--type <type>", "what its variants hold").choices(TYPES).default("boolean"))
    .option("--variant <name=value>", "a variant and its value; once for each (boolean flags have on and off)", collect)
    .option("--description <text>", "what it is for")
    .option("--tag <tag>", "a tag; may be given more than once", collect)
    .option("--owner <name>", "the person or team to ask about it")
    .option("--expected-end <day>", "the day by which it should be gone, as 2026-03-31")
    .option("--reuse", "take a key that an archived flag had")
    .action(
      bind<readonly [key: string], CreateOptions>(async (run, [key], options) => {
        const api = await run.api();
        const flag = await api.request<FlagView>({ method: "POST", path: paths.flags, body: definitionOf(key, options) });
        const environments = Object.keys(flag.environments).join(", ");
        run.print(flag, () => `created ${flag.key} (${flag.type}) in ${environments}\n`);
        if (!run.json) run.note(nextStep(flag));
      }),
    );
};

function definitionOf(key: string, options: CreateOptions): JsonObject {
  return {
    key,
    type: options.type,
    description: options.description ?? "",
    tags: options.tag ?? [],
    ...(options.variant === undefined ? {} : { variants: parsePairs("--variant", options.variant) }),
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    ...(options.expectedEnd === undefined ? {} : { expectedEnd: options.expectedEnd }),
    ...(options.reuse === true ? { reuse: true } : {}),
  };
}

function nextStep(flag: FlagView): string {
  return flag.type === "boolean" ? `ramp it: rampart flags set ${flag.key} 1%` : `choose a variant: rampart flags set ${flag.key} --variant NAME`;
}
