import { StoreError } from "../ports/store-error.ts";
import { loadConfig } from "./config.ts";
import { ended, say } from "./ended.ts";
import { StartError } from "./start-error.ts";
import type { RunningServer } from "./start.ts";
import { startServer } from "./start.ts";

/** Runs a server as a program, until a signal or a failure ends it. Resolves with the exit code: 0, 1 for a failure, 2 for a wrong setting. */
export async function runServer(args: readonly string[]): Promise<number> {
  const loaded = loadConfig(args, process.env);
  if (loaded.kind === "invalid") {
    for (const { where, detail } of loaded.errors) say(`rampart: ${where} ${detail}`);
    return 2;
  }
  let server: RunningServer;
  try {
    server = await startServer(loaded.config);
  } catch (cause) {
    if (!(cause instanceof StartError || cause instanceof StoreError)) throw cause;
    say(`rampart: ${cause.message}. ${cause.hint}`);
    return 1;
  }
  greet(server, loaded.config.dev);
  const code = await ended();
  await server.close();
  return code;
}

/** Tokens are shown once, on the terminal and nowhere in the log. */
function greet({ url, firstTokens }: RunningServer, dev: boolean): void {
  process.stdout.write(`Rampart is listening on ${url} (open it for the console; reference: ${url}/docs)\n`);
  if (firstTokens !== undefined) {
    const { admin, server, client, path } = firstTokens;
    process.stdout.write(
      `\nFirst tokens, shown this once (also in ${path}, which only you can read):\n  admin   ${admin}\n  server  ${server}   (production)\n  client  ${client}   (production)\n\n`,
    );
  }
  if (dev)
    say(
      "DEVELOPMENT MODE: every program on this machine may do everything, without a token. The SDK key dev works for production.",
    );
}
