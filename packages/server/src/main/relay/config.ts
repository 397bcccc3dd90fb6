import { hostname } from "node:os";
import type { AdmissionRate } from "../../stream/admission.ts";
import type { TrustedProxies } from "../../http/address.ts";
import { parseToken } from "../../domain/tokens.ts";
import { SETTINGS as SERVER_SETTINGS } from "../config.ts";
import type { ConfigError } from "../config-error.ts";
import type { LogLevel } from "../pino-logger.ts";
import type { DescribedSetting } from "../settings.ts";
import { described, httpUrl, listOf, readSettings } from "../settings.ts";

/** All that can be set about a relay. */
export interface RelayConfig {
  readonly port: number;
  readonly host: string;
  /** Where the server, or the relay, is that this one follows. */
  readonly upstream: string;
  /** Keys of the kind `relay`, one for each environment. */
  readonly keys: readonly string[];
  /** This relay's name in lists of clients. */
  readonly name: string;
  readonly logLevel: LogLevel;
  readonly streamsMax: number;
  readonly admission: AdmissionRate;
  readonly trustedProxies: TrustedProxies;
  /** Let anybody read the metrics. */
  readonly publicMetrics: boolean;
}

/** All settings, or everything that is wrong with them. */
export type LoadedRelayConfig =
  | { readonly kind: "config"; readonly config: RelayConfig }
  | { readonly kind: "invalid"; readonly errors: readonly ConfigError[] };

const { port, host, logLevel, streamsMax, admissionPerSecond, admissionBurst, trustedProxies, publicMetrics } =
  SERVER_SETTINGS;

const SETTINGS = {
  upstream: {
    flag: "upstream",
    variable: "RAMPART_RELAY_UPSTREAM",
    help: "Address of the server, or of the relay, that this one follows",
    fallback: "",
    read: upstream,
  },
  keys: {
    flag: "key",
    variable: "RAMPART_RELAY_KEYS",
    help: "Keys of the kind relay, one for each environment, with commas; better given by their variable",
    fallback: "",
    read: relayKeys,
  },
  name: {
    flag: "name",
    variable: "RAMPART_RELAY_NAME",
    help: "Name of this relay in lists of clients; the machine's when empty",
    fallback: "",
    read: relayName,
  },
  port,
  host,
  logLevel,
  streamsMax,
  admissionPerSecond,
  admissionBurst,
  trustedProxies,
  publicMetrics,
} as const;

type Name = keyof typeof SETTINGS;
type Values = { readonly [name in Name]: ReturnType<(typeof SETTINGS)[name]["read"]> };

/** The settings for people: flag, variable, default, meaning. */
export function describeRelaySettings(): readonly DescribedSetting[] {
  return described(SETTINGS);
}

/** Reads flags and variables; a flag beats its variable. All that is wrong is told at once. */
export function loadRelayConfig(
  args: readonly string[],
  env: { readonly [name: string]: string | undefined },
): LoadedRelayConfig {
  const { values, errors } = readSettings<Name>(SETTINGS, args, env);
  if (errors.length > 0) return { kind: "invalid", errors };
  const { admissionPerSecond: perSecond, admissionBurst: burst, ...rest } = Object.fromEntries(values) as Values;
  return { kind: "config", config: { ...rest, admission: { perSecond, burst } } };
}

function upstream(text: string): string {
  const url = httpUrl(text);
  if (url === undefined) throw new RangeError("is missing; give the server's address like https://flags.example.com");
  return url;
}

/** Of what is wrong nothing is repeated: it may be a key. */
function relayKeys(text: string): readonly string[] {
  const keys = listOf(text);
  if (keys.length === 0)
    throw new RangeError("is missing; make one with rampart tokens create NAME --kind relay --environment production");
  for (const [index, key] of keys.entries()) {
    const parsed = parseToken(key);
    const place = keys.length === 1 ? "" : `, key ${index + 1}:`;
    switch (parsed.kind) {
      case "malformed":
        throw new RangeError(`${place} is no key of a Rampart server; keys of relays begin with rmp_relay_`);
      case "mistyped":
        throw new RangeError(`${place} has a wrong checksum: a character is missing, added or changed; copy it again`);
      case "token":
        if (parsed.tokenKind !== "relay")
          throw new RangeError(`${place} is of the kind ${parsed.tokenKind}; a relay needs one of the kind relay`);
    }
  }
  return keys;
}

function relayName(text: string): string {
  const name =
    text.trim() === ""
      ? hostname()
          .replaceAll(/[^\w.-]/g, "-")
          .slice(0, 64)
      : text.trim();
  if (/^[\w.-]{1,64}$/.test(name)) return name;
  throw new RangeError(`is ${JSON.stringify(text)}; give up to 64 letters, digits and . _ -`);
}
