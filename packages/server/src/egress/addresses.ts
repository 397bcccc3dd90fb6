import ipaddr from "ipaddr.js";

/** `public`: may be called. `private`: loopback and private ranges, opt-in. `never`: nothing an HTTP call should ever reach. */
export type AddressKind = "public" | "private" | "never";

const PRIVATE_RANGES: ReadonlySet<string> = new Set(["loopback", "private", "uniqueLocal", "carrierGradeNat"]);

/**
 * For a network's own translators to IPv4 (RFC 8215). Which address such a one carries depends on how they are set up, and it could be a
 * metadata service, so opening private ranges does not open these.
 */
const LOCAL_TRANSLATION = "64:ff9b:1::/48";

/** IPv6 prefixes that carry an IPv4 address inside, and the byte at which it starts. */
const CARRIERS: readonly { readonly range: string; readonly offset: number }[] = [
  { range: "ipv4Mapped", offset: 12 },
  { range: "rfc6145", offset: 12 },
  { range: "rfc6052", offset: 12 },
  { range: "6to4", offset: 2 },
];

/**
 * What kind of address `text` is, in its canonical spelling (as a name lookup or `URL` gives it). An IPv6 address that carries an IPv4
 * address is what that one is. Link-local is `never`: the metadata services of the clouds live there.
 */
export function addressKind(text: string): AddressKind {
  if (!ipaddr.isValid(text)) return "never";
  const address = ipaddr.parse(text);
  if (inBlock(text, LOCAL_TRANSLATION)) return "never";
  const range = address.range();
  const carrier = CARRIERS.find((candidate) => candidate.range === range);
  if (carrier && address.kind() === "ipv6") {
    return addressKind(
      address
        .toByteArray()
        .slice(carrier.offset, carrier.offset + 4)
        .join("."),
    );
  }
  // The deprecated ::a.b.c.d form, which the library counts as plain unicast. ::1 and :: are not of it.
  if (address.kind() === "ipv6" && range === "unicast") {
    const bytes = address.toByteArray();
    if (bytes.slice(0, 12).every((byte) => byte === 0)) return addressKind(bytes.slice(12).join("."));
  }
  if (range === "unicast") return "public";
  return PRIVATE_RANGES.has(range) ? "private" : "never";
}

/** Whether `address` lies in the block `cidr`; false when they are of different families. */
export function inBlock(address: string, cidr: string): boolean {
  const parsed = ipaddr.process(address);
  const [block, bits] = ipaddr.parseCIDR(cidr);
  return parsed.kind() === block.kind() && parsed.match(block, bits);
}

/** Whether the text is an address block, as in `10.0.0.0/8`. */
export function isBlock(text: string): boolean {
  return ipaddr.isValidCIDR(text);
}
