import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { issue } from "../http/routes/tokens.ts";
import type { Store } from "../ports/store.ts";
import type { Platform } from "./platform.ts";
import { StartError } from "./start-error.ts";

/** The environment of the first SDK keys. */
const ENVIRONMENT = "production";

/** The texts of a fresh store's first tokens. */
export interface FirstTokens {
  readonly admin: string;
  readonly server: string;
  readonly client: string;
}

/** What was made, and where it was written. */
export interface WrittenFirstTokens extends FirstTokens {
  readonly path: string;
}

/**
 * Makes the tokens that a fresh store begins with, and writes them to a file that only its owner can read. The file comes first, and the
 * administrator's token is the first that is stored: wherever a crash falls, either nothing counts yet or the file lets its owner in.
 */
export async function makeFirstTokens(folder: string, store: Store, platform: Platform): Promise<WrittenFirstTokens> {
  const admin = issue(platform, { kind: "admin", name: "first administrator", environments: ["*"], roles: [] });
  const server = issue(platform, {
    kind: "server",
    name: "first server SDK key",
    environments: [ENVIRONMENT],
    roles: [],
  });
  const client = issue(platform, {
    kind: "client",
    name: "first browser SDK key",
    environments: [ENVIRONMENT],
    roles: [],
  });
  const tokens: FirstTokens = { admin: admin.text, server: server.text, client: client.text };
  const path = join(folder, "first-tokens.json");
  writePrivately(path, `${JSON.stringify(tokens, undefined, 2)}\n`);
  for (const { record } of [admin, server, client]) {
    await store.createToken(record, {
      actor: "system",
      action: "token.created",
      reason: "first start of a fresh store",
      at: platform.clock.now(),
    });
  }
  return { ...tokens, path };
}

function writePrivately(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  try {
    mkdirSync(join(path, ".."), { recursive: true });
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { mode: 0o600, flag: "wx", flush: true });
    renameSync(temporary, path);
  } catch (cause) {
    throw new StartError("FIRST_TOKENS", {
      message: `can't write the first tokens to ${path}`,
      hint: "Make room in the data folder, or give another one with --data-dir.",
      cause,
    });
  }
}
