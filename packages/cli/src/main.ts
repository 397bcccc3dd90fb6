import { readFileSync } from "node:fs";
import { isLocal, loadGroup } from "./commands/group.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import type { Io } from "./io.ts";
import { createProgram, ParseStop } from "./program.ts";
import { report } from "./report.ts";
import { createBind } from "./run.ts";

/**
 * Runs one command line (`argv` without node and the script) and gives the exit code. Never throws, never ends the process: what
 * goes wrong is told on `io.stderr`.
 */
export async function main(argv: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const version = readVersion();
  const bind = createBind({
    io,
    version,
    finish: (finished) => {
      code = finished;
    },
  });
  const program = createProgram({ io, bind, version });
  try {
    await program.parseAsync([...withHelp(argv)], { from: "user" });
    return code;
  } catch (error) {
    if (!(error instanceof ParseStop)) return report(io, error);
    if (error.reason.exitCode === 0) return EXIT.ok;
    // The help was printed already: a group was named without a command.
    if (error.reason.code === "commander.help") return EXIT.usage;
    const [{ explainStop }, elsewhere] = await Promise.all([import("./usage.ts"), commandsNamed(error)]);
    return report(io, explainStop(error, elsewhere));
  }

  /** `rampart kill` means `rampart flags kill`: the commands of all groups that have the name that no group has. */
  async function commandsNamed(stop: ParseStop): Promise<readonly string[]> {
    if (stop.command !== program || stop.reason.code !== "commander.unknownCommand") return [];
    const wanted = program.args[0];
    await Promise.all(program.commands.filter((group) => !isLocal(group)).map((group) => loadGroup(group, bind)));
    const groups = program.commands.filter((group) => group.commands.some((one) => one.name() === wanted));
    return groups.map((group) => `rampart ${group.name()} ${wanted}`);
  }
}

/** `rampart` alone and `rampart help …` show the help. */
function withHelp(argv: readonly string[]): readonly string[] {
  if (argv.length === 0) return ["--help"];
  return argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
}

function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
