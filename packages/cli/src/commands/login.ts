import { paths } from "../api/paths.ts";
import { DEFAULT_URL, parseUrl } from "../config/connection.ts";
import { readLogin, writeLogin, type StoredLogin } from "../config/stored.ts";
import { CliError, usageError } from "../errors.ts";
import { canAsk } from "../io.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

const TOKEN_CHARACTERS_MAX = 1024;

/** `rampart login` */
export const define: Define = (command, bind) => {
  command
    .description(
      "Check a token against a server and remember both, in a file that only this user account can read. The token is taken from --token, from stdin, or asked for. RAMPART_URL and RAMPART_TOKEN win over what is remembered.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  rampart login --url https://rampart.example.com\n  rampart login --url https://rampart.example.com < token.txt\n",
    )
    .action(
      bind(async (run) => {
        const url = await chooseUrl(run);
        const token = await chooseToken(run);
        const login: StoredLogin = token === undefined ? { url } : { url, token };
        const checked = await check(run, login);
        const path = await writeLogin(run.io, login);
        run.print({ url, token: token !== undefined, checked, path }, () =>
          checked ? `logged in to ${url}\n` : `remembered ${url}, unchecked\n`,
        );
        run.note(`kept in ${path}`);
        if (token !== undefined && isPlainAndRemote(url))
          run.note("warning: this URL is plain http, so the token can be read on the way");
        for (const name of ["RAMPART_URL", "RAMPART_TOKEN"]) {
          if ((run.io.env[name] ?? "") !== "") run.note(`warning: ${name} is set and wins over what was kept`);
        }
      }),
    );
};

async function chooseUrl(run: Run): Promise<string> {
  if (run.global.url !== undefined) return parseUrl(run.global.url);
  const suggested = run.io.env["RAMPART_URL"] || (await readLogin(run.io).catch(() => undefined))?.url || DEFAULT_URL;
  if (!canAsk(run.io)) return parseUrl(suggested);
  const answer = (await run.io.ask(`Server [${suggested}]: `)).trim();
  return parseUrl(answer === "" ? suggested : answer);
}

/** Undefined: log in without one, to a server that takes calls from its own machine unasked. */
async function chooseToken(run: Run): Promise<string | undefined> {
  const text =
    run.global.token ?? (canAsk(run.io) ? await run.io.ask("Token: ", { secret: true }) : await pipedToken(run));
  const token = text.trim();
  if (token === "") return undefined;
  if (token.length > TOKEN_CHARACTERS_MAX || !/^[\x21-\x7e]+$/.test(token)) {
    throw usageError(
      "that is not a token: a token is one word of printable ASCII",
      "an admin makes one with: rampart tokens create NAME --kind operator",
    );
  }
  return token;
}

async function pipedToken(run: Run): Promise<string> {
  return run.io.stdin.isTerminal ? "" : run.io.stdin.read();
}

/** Makes one call with it. True: accepted; false: the server can't be reached now, so nobody knows. Refused: throws. */
async function check(run: Run, login: StoredLogin): Promise<boolean> {
  const api = await run.api({ connection: login });
  try {
    await api.request<unknown>({ path: paths.flags, query: { limit: 1 } });
    return true;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === "UNREACHABLE" || error.code === "TIMEOUT" || error.code === "UNAVAILABLE") {
      run.note(`warning: not checked: ${error.message}`);
      return false;
    }
    if (login.token === undefined) {
      throw new CliError({
        ...explanationOf(error),
        lines: ["this server wants a token: give one with --token or on stdin"],
      });
    }
    throw new CliError({ ...explanationOf(error), lines: [...error.lines, "nothing was changed"] });
  }
}

function explanationOf(error: CliError): {
  readonly code: string;
  readonly message: string;
  readonly exitCode: CliError["exitCode"];
} {
  return { code: error.code, message: error.message, exitCode: error.exitCode };
}

function isPlainAndRemote(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
