import type { IncomingMessage } from "node:http";
import ipaddr from "ipaddr.js";

/** Addresses in CIDR notation whose `X-Forwarded-For` is believed. */
export type TrustedProxies = readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[];

/** Proxies in a row that are looked through at most. */
const HOPS_MAX = 10;

/** Reads a list of addresses and CIDR blocks; throws with the one that is none. */
export function parseTrustedProxies(list: readonly string[]): TrustedProxies {
  return list.map((text) => {
    try {
      return text.includes("/") ? ipaddr.parseCIDR(text) : wholeAddress(ipaddr.parse(text));
    } catch {
      throw new RangeError(`${JSON.stringify(text)} is neither an IP address nor a CIDR block like 10.0.0.0/8`);
    }
  });
}

/**
 * The address a request comes from. Behind proxies that are trusted it is the last one in `X-Forwarded-For` that is none of them:
 * whatever stands before that can be made up by the client.
 */
export function clientAddress(incoming: IncomingMessage, trusted: TrustedProxies): string {
  const peer = normalize(incoming.socket.remoteAddress ?? "");
  const forwarded = incoming.headers["x-forwarded-for"];
  if (trusted.length === 0 || forwarded === undefined || !isTrusted(peer, trusted)) return peer;
  const hops = String(forwarded)
    .split(",")
    .slice(-HOPS_MAX)
    .map((hop) => normalize(hop.trim()))
    .toReversed();
  return hops.find((hop) => !isTrusted(hop, trusted)) ?? peer;
}

/** Whether the address is this machine itself. */
export function isLoopback(address: string): boolean {
  if (address === "127.0.0.1" || address === "::1") return true;
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}

/** What a rate limit counts by: an IPv4 address, or the /64 that one IPv6 customer has at least. */
export function rateKey(address: string): string {
  if (!address.includes(":") || !ipaddr.IPv6.isValid(address)) return address;
  return ipaddr.IPv6.parse(address)
    .parts.slice(0, 4)
    .map((part) => part.toString(16))
    .join(":");
}

const normalize = (address: string): string =>
  address.startsWith("::ffff:") && ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;

const wholeAddress = (address: ipaddr.IPv4 | ipaddr.IPv6): readonly [ipaddr.IPv4 | ipaddr.IPv6, number] => [
  address,
  address.kind() === "ipv4" ? 32 : 128,
];

function isTrusted(address: string, trusted: TrustedProxies): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  return trusted.some(
    ([network, bits]) => parsed.kind() === network.kind() && parsed.match([network, bits] as [ipaddr.IPv4, number]),
  );
}
