import type { Command, Option } from "commander";
import type { Page, RolloutSummary } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import type { Call } from "../../api/types.ts";
import type { Bind, Run } from "../../run.ts";
import { loadGroup, type Define } from "../group.ts";

/** Somebody waits with a finger on the tab key. */
const LOOKUP_TIMEOUT_MS = 1000;
/** What every server begins with. */
const FIRST_ENVIRONMENTS = ["production", "staging", "development"];

interface Candidate {
  readonly text: string;
  readonly about?: string;
}

/** `rampart __complete -- WORDS…`: what may stand for the last word. Says nothing at all rather than something wrong. */
export const define: Define = (command, bind) => {
  command.argument("[words...]").action(
    bind<readonly [words: readonly string[]]>(async (run, [words]) => {
      const candidates = await complete(run, command.parent ?? command, words, bind);
      const prefix = words.at(-1) ?? "";
      const fitting = candidates.filter(({ text }) => text.startsWith(prefix));
      run.io.stdout.write(
        fitting.map(({ text, about }) => `${about === undefined ? text : `${text}\t${about}`}\n`).join(""),
      );
    }),
  );
};

async function complete(
  run: Run,
  program: Command,
  words: readonly string[],
  bind: Bind,
): Promise<readonly Candidate[]> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const { command, positionals, pending } = await walk(program, before, bind);
  if (pending !== undefined) return valuesOf(run, pending);
  if (current.startsWith("-")) return optionsOf(command);
  if (command.commands.length > 0) {
    if (positionals > 0) return [];
    const visible = command.createHelp().visibleCommands(command);
    return visible.map((one) => ({ text: one.name(), about: one.summary() }));
  }
  return argumentsOf(run, command, positionals);
}

/** Follows the words down to the command that they end in, over its options and their values. */
async function walk(
  program: Command,
  words: readonly string[],
  bind: Bind,
): Promise<{ readonly command: Command; readonly positionals: number; readonly pending: Option | undefined }> {
  let command = program;
  let positionals = 0;
  let pending: Option | undefined;
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (word.startsWith("-")) {
      const option = allOptions(command).find((one) => one.short === word || one.long === word);
      pending = option?.required === true ? option : undefined;
    } else {
      const next = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (next === undefined) {
        positionals += 1;
      } else {
        if (command === program) await loadGroup(next, bind);
        command = next;
      }
    }
  }
  return { command, positionals, pending };
}

function allOptions(command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function optionsOf(command: Command): readonly Candidate[] {
  return allOptions(command).flatMap((option) =>
    option.long === undefined ? [] : [{ text: option.long, about: option.description }],
  );
}

async function valuesOf(run: Run, option: Option): Promise<readonly Candidate[]> {
  if (option.argChoices !== undefined) return option.argChoices.map((text) => ({ text }));
  if (option.long !== "--environment") return [];
  const known = await keys(run, paths.environments);
  return known.length > 0 ? known : FIRST_ENVIRONMENTS.map((text) => ({ text }));
}

async function argumentsOf(run: Run, command: Command, position: number): Promise<readonly Candidate[]> {
  const argument = command.registeredArguments[position];
  if (argument?.argChoices !== undefined) return argument.argChoices.map((text) => ({ text }));
  switch (argument?.name()) {
    case "flag":
      return keys(run, paths.flags);
    case "segment":
      return keys(run, paths.segments);
    case "rollout":
      return rollouts(run);
    case undefined:
    default:
      return [];
  }
}

/** The flags that have a rollout in the environment, with the newest on each: what a command would mean. */
async function rollouts(run: Run): Promise<readonly Candidate[]> {
  const newestFirst = await lookUp<RolloutSummary>(run, {
    path: paths.rollouts,
    query: { environment: run.environment },
  });
  const newest = new Map<string, string>();
  for (const { flag, status, percentage } of newestFirst) {
    if (!newest.has(flag)) newest.set(flag, `${status} at ${percentage} %`);
  }
  return Array.from(newest, ([text, about]) => ({ text, about }));
}

async function keys(run: Run, path: string): Promise<readonly Candidate[]> {
  const items = await lookUp<{ readonly key: string; readonly description?: string }>(run, { path });
  return items.map(({ key, description = "" }) => {
    const about = description.replace(/\s+/g, " ").trim();
    return about === "" ? { text: key } : { text: key, about };
  });
}

async function lookUp<T>(run: Run, call: Call): Promise<readonly T[]> {
  try {
    const api = await run.api({ timeoutMs: LOOKUP_TIMEOUT_MS });
    return (await api.request<Page<T>>(call)).items;
  } catch {
    // A completion has nowhere to say what went wrong; the command itself will.
    return [];
  }
}
