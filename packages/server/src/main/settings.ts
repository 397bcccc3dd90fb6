import { parseArgs } from "node:util";
import type { ConfigError } from "./config-error.ts";

/** One thing that can be set: by a flag, or by a variable. */
export interface Setting<T> {
  readonly flag: string;
  /** `RAMPART_<FLAG>` when nothing is said. */
  readonly variable?: string;
  readonly help: string;
  readonly fallback: string;
  /** Throws a `RangeError` that says what is wrong with the text. */
  readonly read: (text: string) => T;
}

/** By name. */
export type Settings = { readonly [name: string]: Setting<unknown> };

/** A setting for people. */
export interface DescribedSetting {
  readonly flag: string;
  readonly variable: string;
  readonly fallback: string;
  readonly help: string;
}

/** The settings for people: flag, variable, default, meaning. */
export function described(settings: Settings): readonly DescribedSetting[] {
  return Object.values(settings).map((setting) => ({
    flag: `--${setting.flag}`,
    variable: variableOf(setting),
    fallback: setting.fallback,
    help: setting.help,
  }));
}

/** The variable of a setting. */
export const variableOf = ({ flag, variable }: Pick<Setting<unknown>, "flag" | "variable">): string =>
  variable ?? `RAMPART_${flag.toUpperCase().replaceAll("-", "_")}`;

/** Reads flags and variables; a flag beats its variable. All that is wrong is told at once; what is wrong has no value. */
export function readSettings<Name extends string>(
  settings: { readonly [name in Name]: Setting<unknown> },
  args: readonly string[],
  env: { readonly [name: string]: string | undefined },
): { readonly values: ReadonlyMap<Name, unknown>; readonly errors: ConfigError[] } {
  const { given, errors } = parseFlags(settings, args);
  const values = new Map<Name, unknown>();
  for (const [name, setting] of Object.entries(settings) as [Name, Setting<unknown>][]) {
    const variable = variableOf(setting);
    const flag = given[setting.flag];
    const where = flag === undefined ? variable : `--${setting.flag}`;
    try {
      values.set(name, setting.read(flag ?? env[variable] ?? setting.fallback));
    } catch (cause) {
      errors.push({ where, detail: cause instanceof Error ? cause.message : String(cause) });
    }
  }
  return { values, errors };
}

function parseFlags(
  settings: Settings,
  args: readonly string[],
): {
  readonly given: { readonly [flag: string]: string | undefined };
  readonly errors: ConfigError[];
} {
  const isSwitch = (flag: string): boolean =>
    Object.values(settings).some((setting) => setting.flag === flag && setting.read === boolean);
  const options = Object.fromEntries(
    Object.values(settings).map(({ flag }) => [flag, { type: isSwitch(flag) ? "boolean" : "string" } as const]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  const given: { [flag: string]: string } = {};
  const errors: ConfigError[] = [];
  for (const token of tokens) {
    if (token.kind === "positional")
      errors.push({ where: token.value, detail: "is no flag; all settings are flags like --port 4001" });
    if (token.kind !== "option") continue;
    const known = options[token.name];
    if (known === undefined)
      errors.push({
        where: token.rawName,
        detail: `is no setting; there are ${Object.keys(options)
          .map((flag) => `--${flag}`)
          .join(", ")}`,
      });
    else if (known.type === "string" && token.value === undefined)
      errors.push({ where: token.rawName, detail: "needs a value" });
    else given[token.name] = token.value ?? "true";
  }
  return { given, errors };
}

/** What stands between commas. */
export function listOf(text: string): readonly string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** An address without credentials; undefined: none is given. */
export function httpUrl(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:")
    throw new RangeError(`is ${JSON.stringify(text)}; give an address like http://host.example:9090`);
  if (url.username !== "" || url.password !== "")
    throw new RangeError("carries a user name or password; put credentials into the metrics' headers");
  return text.trim();
}

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new RangeError(`is ${JSON.stringify(text)}; give a whole number from ${min} to ${max}`);
  };
}

/** Any text, trimmed. */
export function nonEmpty(text: string): string {
  if (text.trim() !== "") return text.trim();
  throw new RangeError("is empty; give a value or leave it out");
}

/** `true` or `1`, `false` or `0`; nothing is false. */
export function boolean(text: string): boolean {
  const value = text.trim().toLowerCase();
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0" || value === "") return false;
  throw new RangeError(`is ${JSON.stringify(text)}; give true or false`);
}

/** One of some words, in small letters. */
export function oneOf<const T extends string>(allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((one) => one === text.trim().toLowerCase());
    if (found !== undefined) return found;
    throw new RangeError(`is ${JSON.stringify(text)}; give one of ${allowed.join(", ")}`);
  };
}
