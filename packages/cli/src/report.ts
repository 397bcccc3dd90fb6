import { CliError } from "./errors.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import type { Io } from "./io.ts";
import { styleFor } from "./output/style.ts";
import { printable } from "./output/text.ts";

/** Tells an error on stderr and gives the exit code it stands for. */
export function report(io: Io, error: unknown): ExitCode {
  const style = styleFor(io.stderr, io.env);
  const label = style("red", "error:");
  if (error instanceof CliError) {
    const lines = error.lines.map((line) => `  ${printable(line)}\n`);
    io.stderr.write(`${label} ${printable(error.message)}\n${lines.join("")}`);
    return error.exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  const debug = io.env["RAMPART_DEBUG"] === "1";
  const more = debug ? stackOf(error) : "  this should not happen; RAMPART_DEBUG=1 shows where it did";
  io.stderr.write(`${label} ${printable(message)}\n${more}\n`);
  return EXIT.failure;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  const cause = error.cause === undefined ? "" : `\ncaused by ${stackOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
