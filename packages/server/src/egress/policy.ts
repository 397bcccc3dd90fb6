import { isIP } from "node:net";
import { addressKind, inBlock, isBlock } from "./addresses.ts";

/**
 * Where the server may send its calls. By default: http and https to public addresses, on ports 80, 443 and from 1024 up.
 */
export interface EgressPolicy {
  /** Lets loopback and private ranges through. Link-local, multicast and reserved ones never are. */
  readonly allowPrivate: boolean;
  /**
   * When not empty, only these: host names (`prometheus.example`, `*.example`), with `:port` where the port should be checked,
   * and address blocks (`10.20.0.0/16`). A name or block that is listed may be private.
   */
  readonly allow: readonly string[];
}

/** What was allowed, or why it was not and what to do about that. */
export type Judged<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/** A URL that passed everything that can be known before its name is looked up. */
export interface Destination {
  readonly url: URL;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** Listed by name, so that the addresses behind it may be private. */
  readonly listed: boolean;
}

const FIRST_UNPRIVILEGED_PORT = 1024;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };
const HTTP_PORTS: readonly number[] = [80, 443];
const MAIL_DEFAULT_PORTS: Readonly<Record<string, number>> = { "smtp:": 587, "smtps:": 465 };
const MAIL_PORTS: readonly number[] = [25, 465, 587];

/** Scheme, credentials, port and, where there is one, the list of names. */
export function judgeUrl(text: string, policy: EgressPolicy): Judged<Destination> {
  if (!URL.canParse(text)) return refuse("the address is not a URL", "write it as https://host/path");
  const url = new URL(text);
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) return refuse(`the scheme ${url.protocol} is not allowed`, "use http or https");
  if (url.username !== "" || url.password !== "") {
    return refuse("the address carries a user name or password", "put credentials into a header");
  }
  return judgePlace(url, url.port === "" ? defaultPort : Number(url.port), HTTP_PORTS, policy);
}

/** The same for a mail server; credentials in the address are the way to name them there. */
export function judgeMailUrl(text: string, policy: EgressPolicy): Judged<Destination> {
  if (!URL.canParse(text)) return refuse("the address is not a URL", "write it as smtp://host:587");
  const url = new URL(text);
  const defaultPort = MAIL_DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) return refuse(`the scheme ${url.protocol} is not allowed`, "use smtp or smtps");
  return judgePlace(url, url.port === "" ? defaultPort : Number(url.port), MAIL_PORTS, policy);
}

/** Port and, where there is one, the list of names. */
function judgePlace(url: URL, port: number, wellKnown: readonly number[], policy: EgressPolicy): Judged<Destination> {
  const host = url.hostname
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "")
    .toLowerCase();
  const listed = policy.allow.some((entry) => listsName(entry, host, port));
  if (!listed && !wellKnown.includes(port) && port < FIRST_UNPRIVILEGED_PORT) {
    return refuse(`port ${port} is not allowed`, `allow ${host}:${port} by name`);
  }
  const couldBeListedByAddress = policy.allow.some(isBlock);
  if (policy.allow.length > 0 && !listed && !couldBeListedByAddress) return notListed(host);
  return { ok: true, value: { url, host, port, listed } };
}

/** All addresses that a name stands for; one that is forbidden forbids the name, so that a mixed answer can't slip one in. */
export function judgeAddresses(
  destination: Destination,
  addresses: readonly string[],
  policy: EgressPolicy,
): Judged<string> {
  const [first] = addresses;
  if (first === undefined) return refuse(`${destination.host} has no address`, "check the name");
  for (const address of addresses) {
    const kind = addressKind(address);
    if (kind === "never")
      return refuse(`${address} is a link-local, multicast or reserved address`, "no setting lets these through");
    const listed = destination.listed || policy.allow.some((entry) => isBlock(entry) && inBlock(address, entry));
    if (policy.allow.length > 0 && !listed) return notListed(destination.host);
    if (kind === "private" && !listed && !policy.allowPrivate) {
      return refuse(
        `${destination.host} is at a loopback or private address`,
        `allow it with RAMPART_EGRESS_ALLOW=${destination.host}, or all of them with RAMPART_EGRESS_PRIVATE=true`,
      );
    }
  }
  return { ok: true, value: first };
}

/** The address itself, when the host is one and needs no lookup. */
export function literalAddress(destination: Destination): string | undefined {
  return isIP(destination.host) === 0 ? undefined : destination.host;
}

function listsName(entry: string, host: string, port: number): boolean {
  if (isBlock(entry)) return false;
  if (isIP(entry) === 6) return host === entry.toLowerCase();
  const [name = "", entryPort] = entry.toLowerCase().split(":");
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  return name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name;
}

function notListed(host: string): Judged<never> {
  return refuse(`${host} is not among the allowed destinations`, `add it to RAMPART_EGRESS_ALLOW`);
}

function refuse(reason: string, hint: string): Judged<never> {
  return { ok: false, reason, hint };
}
