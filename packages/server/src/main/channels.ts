import { readFileSync, statSync } from "node:fs";
import type { ChannelSettings } from "../notify/channels-file.ts";
import { CHANNELS_FILE_MAX, readChannels } from "../notify/channels-file.ts";
import type { ConfigError } from "./config-error.ts";

const VARIABLE = "RAMPART_CHANNELS";

interface ChannelsRead {
  readonly channels: ReadonlyMap<string, ChannelSettings>;
  readonly errors: readonly ConfigError[];
}

/** Reads the channels file at `path`; no path, no channels. Everything that is wrong is told, and nothing of the file's values. */
export function readChannelsFile(path: string, env: { readonly [name: string]: string | undefined }): ChannelsRead {
  const none = new Map<string, ChannelSettings>();
  if (path === "") return { channels: none, errors: [] };
  let text: string;
  try {
    if (statSync(path).size > CHANNELS_FILE_MAX) return wrong(`${path} is larger than ${CHANNELS_FILE_MAX / 1024} KiB`);
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown error";
    return wrong(`can't read ${path}: ${code}`);
  }
  const read = readChannels(text, (name) => env[name]);
  if (read.ok) return { channels: read.channels, errors: [] };
  const errors = read.problems.map(({ where, detail }) => ({ where: `${VARIABLE} ${where}`, detail }));
  return { channels: none, errors };
}

const wrong = (detail: string): ChannelsRead => ({ channels: new Map(), errors: [{ where: VARIABLE, detail }] });
