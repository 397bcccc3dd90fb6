import type { Problem } from "@rampart/core";
import { EXIT, type ExitCode } from "./exit.ts";

/** Everything that is told to the user instead of a stack trace. */
export interface Explanation {
  /** Stable, upper case. */
  readonly code: string;
  /** What failed and with which value, in one sentence without a full stop. */
  readonly message: string;
  /** What else helps: fields that are wrong, near names, what to do. One line each. */
  readonly lines?: readonly string[];
  readonly exitCode?: ExitCode;
  readonly cause?: unknown;
  /** What the server said, where a server refused. */
  readonly problem?: Problem;
}

/** An expected failure, with its exit code and the lines that explain it. Anything else that is thrown is a bug. */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: string;
  readonly lines: readonly string[];
  readonly exitCode: ExitCode;
  readonly problem: Problem | undefined;

  constructor(explanation: Explanation) {
    super(explanation.message, explanation.cause === undefined ? {} : { cause: explanation.cause });
    this.code = explanation.code;
    this.lines = explanation.lines ?? [];
    this.exitCode = explanation.exitCode ?? EXIT.failure;
    this.problem = explanation.problem;
  }
}

/** The command line itself is wrong: exit code 2. */
export function usageError(message: string, ...lines: readonly string[]): CliError {
  return new CliError({ code: "USAGE", message, lines, exitCode: EXIT.usage });
}
