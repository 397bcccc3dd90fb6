import { CliError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { span } from "../output/format.ts";

const POINT_ELSEWHERE = "point to another server: --url URL, RAMPART_URL, or rampart login";
const IS_DOWN = ["start one on this machine: rampart server --dev", POINT_ELSEWHERE] as const;
const CODE_DEPTH_MAX = 5;

/** Explains why no answer came. Explained errors are given back as they are. */
export function connectionError(error: unknown, at: { readonly url: string; readonly timeoutMs: number }): unknown {
  if (error instanceof CliError) return error;
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return new CliError({
      code: "TIMEOUT",
      message: `${at.url} did not answer within ${span(at.timeoutMs)}`,
      lines: ["wait longer: --request-timeout 30s", POINT_ELSEWHERE],
      exitCode: EXIT.timedOut,
      cause: error,
    });
  }
  const code = causeCode(error);
  if (code === undefined) return error;
  const unreachable = (message: string, ...lines: readonly string[]): CliError =>
    new CliError({ code: "UNREACHABLE", message, lines, cause: error });
  switch (code) {
    case "ECONNREFUSED":
      return unreachable(`no server listens at ${at.url} (connection refused)`, ...IS_DOWN);
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return unreachable(`the host name of ${at.url} is not known`, POINT_ELSEWHERE);
    case "ECONNRESET":
    case "UND_ERR_SOCKET":
    case "EPIPE":
      return unreachable(
        `${at.url} closed the connection before its answer was complete`,
        "is it http where https is expected, or the other way round?",
      );
    default:
      return unreachable(`can't reach ${at.url}: ${code}`, POINT_ELSEWHERE);
  }
}

/** `fetch` wraps the system's error in a cause, and several of them (IPv6, IPv4) in an AggregateError. */
function causeCode(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > CODE_DEPTH_MAX) return undefined;
  const inner = error instanceof AggregateError ? error.errors[0] : error.cause;
  const code = (error as NodeJS.ErrnoException).code;
  return typeof code === "string" ? code : causeCode(inner, depth + 1);
}
