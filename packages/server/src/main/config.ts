import type { Variables } from "../domain/plan/view.ts";
import type { AdmissionRate } from "../stream/admission.ts";
import type { TrustedProxies } from "../http/address.ts";
import { parseTrustedProxies } from "../http/address.ts";
import type { ChannelSettings } from "../notify/channels-file.ts";
import { readChannelsFile } from "./channels.ts";
import type { ConfigError } from "./config-error.ts";
import type { LogLevel } from "./pino-logger.ts";
import { LOG_LEVELS } from "./pino-logger.ts";
import type { DescribedSetting, Setting } from "./settings.ts";
import { boolean, described, httpUrl, integer, listOf, nonEmpty, oneOf, readSettings, variableOf } from "./settings.ts";

/** All that can be set about a server. */
export interface ServerConfig {
  /** 0 lets the system choose. */
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  /** Keeps everything in PostgreSQL; undefined: in the data folder. With its password. */
  readonly databaseUrl: string | undefined;
  /** Hear of other servers' changes by LISTEN, beside looking for them each second. */
  readonly databaseListen: boolean;
  /** What sessions, sealed channels and signatures are made with; undefined: with keys in the data folder. */
  readonly secret: string | undefined;
  /** This server's name among those on the same database. */
  readonly replicaId: string;
  /** Accept calls from this machine without a token, and the SDK key `dev`. */
  readonly dev: boolean;
  readonly logLevel: LogLevel;
  readonly streamsMax: number;
  readonly admission: AdmissionRate;
  /** Requests that one token may make of the management API. */
  readonly requestsPerSecond: number;
  readonly trustedProxies: TrustedProxies;
  /** Let anybody read the metrics. */
  readonly publicMetrics: boolean;
  /** For metrics of plans that name no Prometheus. */
  readonly prometheusUrl: string | undefined;
  /** When not empty, the only places that metrics and notifications may go to. */
  readonly egressAllow: readonly string[];
  /** Let metrics and notifications go to this machine and to private networks. */
  readonly egressPrivate: boolean;
  /** What plans' `${VARS}` stand for. */
  readonly variables: Variables;
  /** Where notifications can go, by name; with secrets. */
  readonly channels: ReadonlyMap<string, ChannelSettings>;
  /** Where people's browsers reach the server, for links in notifications. */
  readonly publicUrl: string | undefined;
  /** Days for which notifications, and the samplings of rollouts that have ended, are kept; 0: for ever. */
  readonly retentionDays: number;
}

/** All settings, or everything that is wrong with them. */
export type LoadedConfig =
  | { readonly kind: "config"; readonly config: ServerConfig }
  | { readonly kind: "invalid"; readonly errors: readonly ConfigError[] };

/** By name. Relays have some of them too. */
export const SETTINGS = {
  port: {
    flag: "port",
    help: "Port to listen on; 0 lets the system choose",
    fallback: "4001",
    read: integer(0, 65_535),
  },
  host: { flag: "host", help: "Address to listen on; 0.0.0.0 or :: for all", fallback: "127.0.0.1", read: nonEmpty },
  dataDir: { flag: "data-dir", help: "Folder that holds everything", fallback: "./.rampart", read: nonEmpty },
  databaseUrl: {
    flag: "database-url",
    help: "PostgreSQL that holds everything, postgres://user:password@host/database; better given by its variable",
    fallback: "",
    read: postgresUrl,
  },
  databaseListen: {
    flag: "database-listen",
    help: "Hear of other servers' changes by LISTEN and not only by a look each second; false behind a pooler without it",
    fallback: "true",
    read: boolean,
  },
  secret: {
    flag: "secret",
    help: "At least 32 characters that all servers on one database share; better given by its variable",
    fallback: "",
    read: secret,
  },
  replicaId: {
    flag: "replica-id",
    help: "Name of this server among those on the same database; the machine's and the data folder's when empty",
    fallback: "",
    read: replicaId,
  },
  dev: {
    flag: "dev",
    help: "Accept calls from this machine without a token, and the SDK key dev",
    fallback: "false",
    read: boolean,
  },
  logLevel: { flag: "log-level", help: `One of ${LOG_LEVELS.join(", ")}`, fallback: "info", read: oneOf(LOG_LEVELS) },
  streamsMax: { flag: "streams-max", help: "Streams held at most", fallback: "25000", read: integer(1, 1_000_000) },
  admissionPerSecond: {
    flag: "streams-per-second",
    help: "Streams accepted a second, in the long run",
    fallback: "5000",
    read: integer(1, 1_000_000),
  },
  admissionBurst: {
    flag: "streams-burst",
    help: "Streams accepted at once, after a quiet time",
    fallback: "20000",
    read: integer(1, 1_000_000),
  },
  requestsPerSecond: {
    flag: "requests-per-second",
    help: "Requests that one token may make of the management API",
    fallback: "2000",
    read: integer(1, 1_000_000),
  },
  trustedProxies: {
    flag: "trusted-proxies",
    help: "Addresses or CIDR blocks of reverse proxies, with commas",
    fallback: "",
    read: (text: string) => parseTrustedProxies(listOf(text)),
  },
  publicMetrics: { flag: "public-metrics", help: "Let anybody read /metrics", fallback: "false", read: boolean },
  prometheusUrl: {
    flag: "prometheus-url",
    help: "Prometheus for the metrics of plans that name none",
    fallback: "",
    read: httpUrl,
  },
  egressAllow: {
    flag: "egress-allow",
    help: "The only hosts (*.example, host:port) and CIDR blocks that metrics and notifications may go to, with commas; all public ones when empty",
    fallback: "",
    read: listOf,
  },
  egressPrivate: {
    flag: "egress-private",
    help: "Let metrics and notifications go to this machine and private networks; always so in development mode",
    fallback: "false",
    read: boolean,
  },
  planVariables: {
    flag: "plan-variables",
    help: "Environment variables that plans may use as ${NAME}, with commas, * for any letters; RAMPART_* never are",
    fallback: "*",
    read: listOf,
  },
  channels: {
    flag: "channels",
    help: "File that names the channels for notifications, YAML or JSON",
    fallback: "",
    read: (text: string) => text.trim(),
  },
  publicUrl: {
    flag: "public-url",
    help: "Where people's browsers reach the server, for links in notifications",
    fallback: "",
    read: httpUrl,
  },
  retentionDays: {
    flag: "retention-days",
    help: "Days for which notifications, and samplings of rollouts that have ended, are kept; 0: for ever",
    fallback: "90",
    read: integer(0, 36_500),
  },
} as const satisfies { readonly [name: string]: Setting<unknown> };

type Name = keyof typeof SETTINGS;
type Values = { readonly [name in Name]: ReturnType<(typeof SETTINGS)[name]["read"]> };

/** The settings for people: flag, variable, default, meaning. */
export function describeSettings(): readonly DescribedSetting[] {
  return described(SETTINGS);
}

/** Reads flags and `RAMPART_*` variables; a flag beats its variable. All that is wrong is told at once. */
export function loadConfig(
  args: readonly string[],
  env: { readonly [name: string]: string | undefined },
): LoadedConfig {
  const { values, errors } = readSettings<Name>(SETTINGS, args, env);
  const path = values.get("channels") as Values["channels"] | undefined;
  const channels = readChannelsFile(path ?? "", env);
  errors.push(...channels.errors, ...databaseErrors(values));
  if (errors.length > 0) return { kind: "invalid", errors };
  const { admissionPerSecond, admissionBurst, planVariables, egressPrivate, ...rest } = Object.fromEntries(
    values,
  ) as Values;
  const config: ServerConfig = {
    ...rest,
    admission: { perSecond: admissionPerSecond, burst: admissionBurst },
    egressPrivate: egressPrivate || rest.dev,
    channels: channels.channels,
    variables: (name) => (mayUse(planVariables, name) ? env[name] : undefined),
  };
  return { kind: "config", config };
}

/** Keys in a folder of its own would make each server's sessions, channels and signatures strange to the others. */
function databaseErrors(values: ReadonlyMap<Name, unknown>): readonly ConfigError[] {
  if (values.get("databaseUrl") === undefined || !values.has("secret") || values.get("secret") !== undefined) return [];
  const detail =
    "is missing: with a database all servers share one secret. Make one with openssl rand -hex 32, and keep it: channels can't be read without";
  return [{ where: variableOf(SETTINGS.secret), detail }];
}

/** What configures the server is no plan's business: it may hold the database's password. */
function mayUse(patterns: readonly string[], name: string): boolean {
  if (name.startsWith("RAMPART_")) return false;
  return patterns.some((pattern) =>
    new RegExp(
      `^${pattern
        .split("*")
        .map((part) => part.replaceAll(/\W/g, ""))
        .join(".*")}$`,
    ).test(name),
  );
}

/** Of what is wrong nothing is repeated: it holds a password. */
function postgresUrl(text: string): string | undefined {
  if (text.trim() === "") return undefined;
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : undefined;
  if ((url?.protocol === "postgres:" || url?.protocol === "postgresql:") && url.host !== "" && url.pathname.length > 1)
    return text.trim();
  throw new RangeError("is no address of a PostgreSQL database; give postgres://user:password@host:5432/database");
}

const SECRET_CHARACTERS_MIN = 32;

function secret(text: string): string | undefined {
  if (text === "") return undefined;
  if (text.length >= SECRET_CHARACTERS_MIN) return text;
  throw new RangeError(
    `has ${text.length} characters; give at least ${SECRET_CHARACTERS_MIN}, made with openssl rand -hex 32`,
  );
}

function replicaId(text: string): string {
  if (/^[\w.-]{0,64}$/.test(text.trim())) return text.trim();
  throw new RangeError(`is ${JSON.stringify(text)}; give up to 64 letters, digits and . _ -`);
}
