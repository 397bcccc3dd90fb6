import { Command, type CommanderError, Help, Option } from "commander";
import { assignGroup, isLocal, loadGroup } from "./commands/group.ts";
import { GROUPS } from "./commands/groups.ts";
import { parseDuration } from "./input/duration.ts";
import type { Io } from "./io.ts";
import { styleFor } from "./output/style.ts";
import type { Bind } from "./run.ts";

/** The command line is wrong, or help was asked for: what commander says, and the command that it says it of. */
export class ParseStop extends Error {
  override readonly name = "ParseStop";
  readonly command: Command;
  readonly reason: CommanderError;

  constructor(command: Command, reason: CommanderError) {
    super(reason.message, { cause: reason });
    this.command = command;
    this.reason = reason;
  }
}

/** A command that throws `ParseStop` where commander would end the process. */
class StoppingCommand extends Command {
  override createCommand(name?: string): StoppingCommand {
    return new StoppingCommand(name);
  }

  override copyInheritedSettings(source: Command): this {
    super.copyInheritedSettings(source);
    return this.helpCommand(false).stop();
  }

  stop(): this {
    return this.exitOverride((reason) => {
      throw new ParseStop(this, reason);
    });
  }
}

const FIRST_STEPS = `
First steps:
  rampart server --dev                    start a server on this machine
  rampart flags create new_checkout       make a flag; nobody has it yet
  rampart flags set new_checkout 5%       give it to 5 % of the users
  rampart eval new_checkout user-42       see who has it, and why
  rampart flags kill new_checkout         take it back from everybody, now

Every command explains itself: rampart flags set --help
Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 conflict, 5 rolled back, 6 timed out`;

/** The whole command line. Groups are there by name only, until `loadGroup`, which parsing calls, reaches one. */
export function createProgram(context: { readonly io: Io; readonly bind: Bind; readonly version: string }): Command {
  const { io } = context;
  const program = new StoppingCommand("rampart").stop();
  const style = styleFor(io.stdout, io.env);
  const globals = globalOptions();
  program
    .description("Ramp a feature up in stages, and take it back from everybody at once.")
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // Told by `explainStop`, with what is allowed.
      outputError: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      getOutHasColors: () => true,
      getErrHasColors: () => styleFor(io.stderr, io.env)("bold", "x") !== "x",
    })
    .configureHelp({
      showGlobalOptions: true,
      formatHelp: (command, helper) => {
        // At the first level the commands matter; each of them shows the options that all of them take.
        const options = helper
          .visibleOptions(command)
          .filter((option) => command !== program || !globals.includes(option));
        helper.visibleOptions = () => options;
        return Help.prototype.formatHelp.call(helper, command, helper);
      },
      visibleGlobalOptions: (command) => (isLocal(command) ? [] : [...globals]),
      styleTitle: (text) => style("bold", text),
      styleCommandText: (text) => style("cyan", text),
      styleSubcommandText: (text) => style("cyan", text),
      styleOptionText: (text) => style("cyan", text),
      styleArgumentText: (text) => style("cyan", text),
    })
    .usage("<command> [options]")
    .helpOption("-h, --help", "say what a command does and takes")
    .helpCommand(false)
    .version(context.version, "-V, --version", "print the version")
    .addHelpText("after", FIRST_STEPS);
  for (const option of globals) program.addOption(option);
  for (const group of GROUPS) {
    const command = program
      .command(group.name, { hidden: group.hidden === true })
      .description(sentence(group.summary))
      .summary(group.summary)
      .helpGroup(group.heading);
    assignGroup(command, group);
  }
  program.hook("preSubcommand", async (_program, command) => {
    await loadGroup(command, context.bind);
  });
  return program;
}

/** Not `timeout`: commands that wait for something have one of their own. */
function globalOptions(): readonly Option[] {
  return [
    new Option("-e, --environment <name>", "environment (or RAMPART_ENVIRONMENT; default: production)"),
    new Option("--json", "print the API's answer as one JSON document"),
    new Option("--url <url>", "the server (or RAMPART_URL, or login; default: http://127.0.0.1:4001)"),
    new Option("--token <token>", "the token (or RAMPART_TOKEN, or login)"),
    new Option("--request-timeout <time>", "how long to wait for an answer (default: 10s)").argParser(parseDuration),
  ];
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
