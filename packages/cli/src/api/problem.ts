import type { JsonValue, Problem } from "@rampart/core";
import type { Connection } from "../config/connection.ts";
import { CliError } from "../errors.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { hintFor } from "./hints.ts";
import type { Call } from "./types.ts";

/** A call that was refused, and the answer. */
interface Refused {
  readonly connection: Connection;
  readonly call: Call;
  readonly response: Response;
  readonly body: string;
}

/** The error for an answer that is no success: what the server says about it, or what its status means. */
export function problemError({ connection, call, response, body }: Refused): CliError {
  const problem = parseProblem(body);
  const { status } = response;
  const isAway = status === 502 || status === 503 || status === 504;
  return new CliError({
    code: isAway ? "UNAVAILABLE" : (problem?.code ?? `HTTP_${status}`),
    message: problem?.detail ?? withoutProblem(connection, response),
    lines: [...(problem === undefined ? [] : problemLines(problem, call)), ...accessLines(connection, status)],
    exitCode: exitCodeOf(status),
    ...(problem === undefined ? {} : { problem }),
  });
}

function withoutProblem(connection: Connection, response: Response): string {
  const location = response.headers.get("location");
  if (location !== null) return `${connection.url} redirects to ${location}; use that address`;
  if (response.status === 404) return `${connection.url} answers, but not as a Rampart server does (404)`;
  return `${connection.url} answered ${response.status} ${response.statusText}`.trimEnd();
}

function parseProblem(body: string): Problem | undefined {
  try {
    const value = JSON.parse(body) as Partial<Problem> | null;
    return typeof value?.detail === "string" && typeof value.code === "string" ? (value as Problem) : undefined;
  } catch {
    return undefined;
  }
}

function problemLines(problem: Problem, call: Call): readonly string[] {
  const near = problem.suggestions ?? [];
  const hint = hintFor(problem, call) ?? problem.hint;
  const differences = (problem.differences ?? []).map(
    (difference) => `${difference.pointer}: yours ${shown(difference.yours)}, there now ${shown(difference.current)}`,
  );
  return [
    ...fieldLines(problem),
    ...differences,
    ...(near.length === 0 ? [] : [`did you mean ${near.join(" or ")}?`]),
    ...(hint === undefined ? [] : [hint]),
  ];
}

/** A line for each wrong field. The detail often says a single one already; then only its hint is left. */
function fieldLines({ detail, errors = [] }: Problem): readonly string[] {
  const [only] = errors;
  if (only !== undefined && errors.length === 1 && detail.includes(only.detail))
    return only.hint === undefined ? [] : [only.hint];
  return errors.map((error) => {
    const where = error.pointer === "" ? "" : `${error.pointer}: `;
    return `${where}${error.detail}${error.hint === undefined ? "" : ` (${error.hint})`}`;
  });
}

/** Whose token was or was not sent, where that is what was refused. */
function accessLines(connection: Connection, status: number): readonly string[] {
  if (status !== 401) return [];
  if (connection.withheldFor !== undefined) {
    return [`the stored token belongs to ${connection.withheldFor}, so it was not sent to ${connection.url}`];
  }
  return connection.token === undefined
    ? ["the first start of a server writes an admin token into first-tokens.json in its data folder"]
    : [];
}

const VALUE_CHARACTERS_MAX = 80;

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > VALUE_CHARACTERS_MAX ? `${text.slice(0, VALUE_CHARACTERS_MAX)}…` : text;
}

function exitCodeOf(status: number): ExitCode {
  if (status === 404 || status === 410) return EXIT.notFound;
  if (status === 409 || status === 412 || status === 428) return EXIT.conflict;
  if (status === 400 || status === 413 || status === 415 || status === 422) return EXIT.usage;
  if (status === 408 || status === 504) return EXIT.timedOut;
  return EXIT.failure;
}
