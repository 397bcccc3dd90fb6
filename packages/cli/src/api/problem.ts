import type { JsonValue, Problem } from "@rampart/core";
import type { Connection } from "../config/connection.ts";
import { CliError } from "../errors.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { hintFor } from "./hints.ts";

/** The error for an answer that is no success: what the server says about it, or what its status means. */
export async function problemError(connection: Connection, response: Response, body: string): Promise<CliError> {
  const problem = parseProblem(body);
  const status = response.status;
  const code = status === 502 || status === 503 || status === 504 ? "UNAVAILABLE" : (problem?.code ?? `HTTP_${status}`);
  const message = problem?.detail ?? withoutProblem(connection, response);
  const lines = [...(problem === undefined ? [] : problemLines(problem)), ...accessLines(connection, status, problem)];
  return new CliError({ code, message, lines, exitCode: exitCodeOf(status) });
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

function problemLines(problem: Problem): readonly string[] {
  const wrong = (problem.errors ?? []).map(({ pointer, detail, hint: advice }) => {
    return [...(pointer === "" ? [] : [`${pointer}:`]), detail, ...(advice === undefined ? [] : [`(${advice})`])].join(
      " ",
    );
  });
  // A single wrong field is often the detail itself.
  const isRepeated =
    wrong.length === 1 &&
    problem.errors?.every(({ detail, hint: advice }) => advice === undefined && problem.detail.includes(detail));
  const near = problem.suggestions ?? [];
  const hint = hintFor(problem.code) ?? problem.hint;
  const differences = (problem.differences ?? []).map(
    (difference) => `${difference.pointer}: yours ${shown(difference.yours)}, there now ${shown(difference.current)}`,
  );
  return [
    ...(isRepeated === true ? [] : wrong),
    ...differences,
    ...(near.length === 0 ? [] : [`did you mean ${near.join(", ")}?`]),
    ...(hint === undefined ? [] : [hint]),
  ];
}

function accessLines(connection: Connection, status: number, problem: Problem | undefined): readonly string[] {
  if (status !== 401) return [];
  if (connection.withheldFor !== undefined) {
    return [
      `the stored token belongs to ${connection.withheldFor} and was not sent to ${connection.url}`,
      "log in there: rampart login --url URL",
    ];
  }
  if (connection.token !== undefined) return ["log in with a valid token: rampart login"];
  return problem?.hint === undefined || !problem.hint.includes("rampart login")
    ? ["no token was sent: rampart login, RAMPART_TOKEN or --token gives one"]
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
