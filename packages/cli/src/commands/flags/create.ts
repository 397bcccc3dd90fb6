import type { FlagType, FlagView, JsonObject, JsonValue } from "@rampart/core";
import { Option } from "commander";
import { paths } from "../../api/paths.ts";
import { usageError } from "../../errors.ts";
import { collect, parsePair } from "../../input/pairs.ts";
import type { Define } from "../group.ts";

interface CreateOptions {
  readonly type: FlagType;
  readonly description?: string;
  readonly variant?: readonly string[];
  readonly tag?: readonly string[];
  readonly owner?: string;
  readonly expectedEnd?: string;
  readonly reuse?: boolean;
  readonly reason?: string;
}

const TYPES: readonly FlagType[] = ["boolean", "string", "number", "json"];

/** `rampart flags create KEY` */
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
    .option("--reason <text>", "why, for the audit")
    .option("--reuse", "take a key that an archived flag had")
    .action(
      bind<readonly [key: string], CreateOptions>(async (run, [key], options) => {
        const api = await run.api();
        const flag = await api.request<FlagView>({
          method: "POST",
          path: paths.flags,
          body: definitionOf(key, options),
        });
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
    ...(options.variant === undefined ? {} : { variants: variantsOf(options.type, options.variant) }),
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    ...(options.expectedEnd === undefined ? {} : { expectedEnd: options.expectedEnd }),
    ...(options.reuse === true ? { reuse: true } : {}),
    ...(options.reason === undefined ? {} : { reason: options.reason }),
  };
}

/** `name=value`, each value read as the flag's type. */
function variantsOf(type: FlagType, pairs: readonly string[]): JsonObject {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name, text] = parsePair("--variant", pair);
      return [name, type === "string" ? text : parseValue(type, pair, text)];
    }),
  );
}

const EXPECTED: { readonly [type in Exclude<FlagType, "string">]: string } = {
  boolean: "true or false, such as on=true",
  number: "a number, such as low=10",
  json: "JSON, such as 'limits={\"daily\":10}'",
};

function parseValue(type: Exclude<FlagType, "string">, pair: string, text: string): JsonValue {
  let value: JsonValue | undefined;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    value = undefined;
  }
  if (value === undefined || (type !== "json" && typeof value !== type)) {
    throw usageError(`--variant "${pair}" has no value of the type ${type}`, `expected: ${EXPECTED[type]}`);
  }
  return value;
}

function nextStep(flag: FlagView): string {
  return flag.type === "boolean"
    ? `ramp it: rampart flags set ${flag.key} 1%`
    : `choose a variant: rampart flags set ${flag.key} --variant NAME`;
}
