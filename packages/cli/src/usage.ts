import type { Command } from "commander";
import { usageError, type CliError } from "./errors.ts";
import type { ParseStop } from "./program.ts";

/** Says what is wrong with a command line, what was probably meant, and what is allowed there. */
export function explainStop(stop: ParseStop, elsewhere: readonly string[] = []): CliError {
  const { command, reason } = stop;
  const [first = "", suggestion] = reason.message.replace(/^error: /, "").split("\n");
  const message = lowerFirst(first.replace(/'/g, '"').replace(/\.$/, ""));
  const near = /^\(Did you mean (?:one of )?(.*)\?\)$/.exec(suggestion ?? "")?.[1];
  // A name that is right, only in the wrong place, is meant before one that is nearly right: `kill` is not `drill`.
  const meant = elsewhere.length > 0 || near === undefined ? elsewhere : [near];
  return usageError(
    message,
    ...(meant.length === 0 ? [] : [`did you mean ${meant.join(" or ")}?`]),
    ...allowed(stop),
    `see ${commandPath(command)} --help`,
  );
}

function allowed(stop: ParseStop): readonly string[] {
  const { command, reason } = stop;
  switch (reason.code) {
    case "commander.unknownCommand": {
      const names = command
        .createHelp()
        .visibleCommands(command)
        .map((one) => one.name());
      return [`commands: ${names.join(", ")}`];
    }
    case "commander.unknownOption": {
      const help = command.createHelp();
      const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
      return [`options: ${options.map((option) => option.long ?? option.short).join(", ")}`];
    }
    default:
      return [`usage: ${command.createHelp().commandUsage(command)}`];
  }
}

/** `rampart flags set`. */
export function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
