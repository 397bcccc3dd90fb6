import type { Command } from "commander";
import type { Api } from "./api/types.ts";
import type { Connection } from "./config/connection.ts";
import type { ExitCode } from "./exit.ts";
import type { Io } from "./io.ts";
import { styleFor, type Style } from "./output/style.ts";

/** Options that every command takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly environment?: string;
  readonly url?: string;
  readonly token?: string;
  /** Milliseconds. */
  readonly requestTimeout?: number;
}

/** Where commands act when nobody names an environment. */
export const DEFAULT_ENVIRONMENT = "production";
const DEFAULT_TIMEOUT_MS = 10_000;

/** What a command's handler works with. */
export interface Run {
  readonly io: Io;
  readonly global: GlobalOptions;
  readonly json: boolean;
  /** From `--environment`, `RAMPART_ENVIRONMENT`, or production. */
  readonly environment: string;
  /** Paints what goes to stdout. */
  readonly style: Style;
  /** The server's API: of the server that options, environment or login name, or of `connection`. */
  api(options?: { readonly timeoutMs?: number; readonly connection?: Connection }): Promise<Api>;
  /** The command's result on stdout: `document` as JSON with `--json`, else what `people` writes. */
  print(document: unknown, people: () => string): void;
  /** Talk, on stderr. A newline is added. */
  note(text: string): void;
}

/** Does the work of one command. Nothing returned: exit code 0. */
// eslint-disable-next-line typescript/no-invalid-void-type
export type Handler<A extends readonly unknown[], O> = (run: Run, args: A, options: O) => Promise<ExitCode | void>;

/**
 * Makes an action for commander out of a handler. `A` are the command's arguments in order, `O` its own options; both are as
 * commander parsed them, so their types must match the command's declaration.
 */
export type Bind = <A extends readonly unknown[] = readonly [], O = object>(
  handler: Handler<A, O>,
) => (...raw: unknown[]) => Promise<void>;

/** `finish` is told the exit code of the handler that ran. */
export function createBind(context: {
  readonly io: Io;
  readonly version: string;
  readonly finish: (code: ExitCode) => void;
}): Bind {
  return <A extends readonly unknown[], O>(handler: Handler<A, O>) =>
    async (...raw: unknown[]) => {
      // Commander passes the arguments, then the command's own options, then the command.
      const command = raw.at(-1) as Command;
      const args = raw.slice(0, -2) as readonly unknown[] as A;
      const run = createRun(context, command.optsWithGlobals<GlobalOptions>());
      const code = await handler(run, args, command.opts() as O);
      if (code !== undefined) context.finish(code);
    };
}

function createRun({ io, version }: { readonly io: Io; readonly version: string }, global: GlobalOptions): Run {
  const json = global.json === true;
  const fromEnv = io.env["RAMPART_ENVIRONMENT"];
  return {
    io,
    global,
    json,
    environment: global.environment ?? (fromEnv === undefined || fromEnv === "" ? DEFAULT_ENVIRONMENT : fromEnv),
    style: styleFor(io.stdout, io.env),
    async api(options = {}) {
      const [{ createApi }, { resolveConnection }] = await Promise.all([
        import("./api/client.ts"),
        import("./config/connection.ts"),
      ]);
      const connection = options.connection ?? (await resolveConnection(io, { url: global.url, token: global.token }));
      return createApi(io, connection, {
        timeoutMs: options.timeoutMs ?? global.requestTimeout ?? DEFAULT_TIMEOUT_MS,
        version,
      });
    },
    print(document, people) {
      io.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : people());
    },
    note(text) {
      io.stderr.write(`${text}\n`);
    },
  };
}
