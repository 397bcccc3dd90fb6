import { ended, say } from "../ended.ts";
import { StartError } from "../start-error.ts";
import { loadRelayConfig } from "./config.ts";
import { startRelay } from "./start-relay.ts";

/** Runs a relay as a program, until a signal or a failure ends it. Resolves with the exit code: 0, 1 for a failure, 2 for a wrong setting. */
export async function runRelay(args: readonly string[]): Promise<number> {
  const loaded = loadRelayConfig(args, process.env);
  if (loaded.kind === "invalid") {
    for (const { where, detail } of loaded.errors) say(`rampart: ${where} ${detail}`);
    return 2;
  }
  try {
    const relay = await startRelay(loaded.config);
    process.stdout.write(`Rampart relays ${loaded.config.upstream} on ${relay.url}\n`);
    const refused = relay.serving.then(
      () => new Promise<never>(() => undefined),
      (cause: unknown) => ({ cause }),
    );
    const end = await Promise.race([ended(), refused]);
    await relay.close();
    if (typeof end === "number") return end;
    throw end.cause;
  } catch (cause) {
    if (!(cause instanceof StartError)) throw cause;
    say(`rampart: ${cause.message}. ${cause.hint}`);
    return 1;
  }
}
