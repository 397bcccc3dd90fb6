import { chmod, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { CliError } from "../errors.ts";
import type { Io } from "../io.ts";

/** What `rampart login` keeps. The token belongs to this URL and is sent nowhere else. */
export interface StoredLogin {
  readonly url: string;
  readonly token?: string;
}

/** `$XDG_CONFIG_HOME/rampart/login.json`, or under `~/.config`. */
export function loginPath(io: Io): string {
  const base = io.env["XDG_CONFIG_HOME"];
  return join(base !== undefined && base.startsWith("/") ? base : join(io.homeDir, ".config"), "rampart", "login.json");
}

/** The stored login, or undefined when there is none. */
export async function readLogin(io: Io): Promise<StoredLogin | undefined> {
  const path = loginPath(io);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliError({
      code: "LOGIN_UNREADABLE",
      message: `can't read ${path}: ${(error as Error).message}`,
      cause: error,
    });
  }
  const login = parseLogin(text);
  if (login === undefined) {
    throw new CliError({
      code: "LOGIN_UNREADABLE",
      message: `${path} does not hold a login`,
      lines: ["run rampart login to write it anew, or set RAMPART_URL and RAMPART_TOKEN"],
    });
  }
  return login;
}

function parseLogin(text: string): StoredLogin | undefined {
  try {
    const value = JSON.parse(text) as { readonly url?: unknown; readonly token?: unknown } | null;
    if (typeof value?.url !== "string") return undefined;
    return typeof value.token === "string" ? { url: value.url, token: value.token } : { url: value.url };
  } catch {
    return undefined;
  }
}

/** Writes the login so that only its owner can read it, by rename, so that a crash leaves the old one or the new one. Gives the path. */
export async function writeLogin(io: Io, login: StoredLogin): Promise<string> {
  const path = loginPath(io);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  await rm(temporary, { force: true });
  await writeFile(temporary, `${JSON.stringify(login, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  await chmod(temporary, 0o600);
  await rename(temporary, path);
  return path;
}

/** Forgets the login. Gives the path, or undefined when there was none. */
export async function removeLogin(io: Io): Promise<string | undefined> {
  const path = loginPath(io);
  try {
    await rm(path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
