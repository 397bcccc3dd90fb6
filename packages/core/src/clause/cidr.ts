/** An address as 16-bit groups: two for IPv4, eight for IPv6. An IPv6 address that maps an IPv4 one is that IPv4 address. */
export type Address = readonly number[];

/** The addresses whose first `prefixBits` bits are those of `address`. */
export interface Block {
  readonly address: Address;
  readonly prefixBits: number;
}

/** The longest spelling of an IPv6 address has 45 characters; nothing longer is looked at. */
const ADDRESS_LENGTH_MAX = 45;

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const GROUP = /^[0-9A-Fa-f]{1,4}$/;
const PREFIX = /^(?:0|[1-9]\d{0,2})$/;

/** Undefined for anything that is not an address: ports, zones, octets with leading zeros (which some read as octal). */
export function parseAddress(text: unknown): Address | undefined {
  if (typeof text !== "string" || text.length > ADDRESS_LENGTH_MAX) return undefined;
  const groups = text.includes(":") ? parseIPv6(text) : parseIPv4(text);
  return groups === undefined ? undefined : isMapped(groups) ? groups.slice(6) : groups;
}

/** `10.0.0.0/8`, `2001:db8::/32`; an address alone is a block of one. Bits after the prefix are ignored. */
export function parseBlock(text: unknown): Block | undefined {
  if (typeof text !== "string") return undefined;
  const slash = text.indexOf("/");
  const addressText = slash === -1 ? text : text.slice(0, slash);
  const address = parseAddress(addressText);
  if (address === undefined) return undefined;
  const bits = address.length * 16;
  if (slash === -1) return { address, prefixBits: bits };
  const prefixText = text.slice(slash + 1);
  if (!PREFIX.test(prefixText)) return undefined;
  // A block in the mapped range counts its bits from the start of the IPv6 address.
  const mappedBits = bits === 32 && addressText.includes(":") ? 96 : 0;
  const prefixBits = Number(prefixText) - mappedBits;
  return prefixBits < 0 || prefixBits > bits ? undefined : { address, prefixBits };
}

/** Whether the address lies in the block. An IPv4 address never lies in an IPv6 block, nor the other way round. */
export function contains(block: Block, address: Address): boolean {
  if (address.length !== block.address.length) return false;
  return block.address.every((group, index) => {
    const bits = Math.min(16, Math.max(0, block.prefixBits - index * 16));
    const mask = 0xffff & (0xffff << (16 - bits));
    return ((group ^ (address[index] ?? 0)) & mask) === 0;
  });
}

function parseIPv4(text: string): Address | undefined {
  const parts = IPV4.exec(text)?.slice(1);
  if (parts === undefined || parts.some((part) => (part.length > 1 && part.startsWith("0")) || Number(part) > 255))
    return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = parts.map(Number);
  return [(a << 8) | b, (c << 8) | d];
}

function parseIPv6(text: string): Address | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [headText = "", tailText] = halves;
  const head = parseGroups(headText, tailText === undefined);
  const tail = tailText === undefined ? [] : parseGroups(tailText, true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (tailText === undefined) return missing === 0 ? head : undefined;
  // "::" stands for at least one group.
  return missing < 1 ? undefined : [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** Groups between colons. At the end of the whole, the last may be a dotted IPv4 address, which makes two. */
function parseGroups(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const dotted = isEnd && index === parts.length - 1 ? parseIPv4(part) : undefined;
    if (dotted !== undefined) groups.push(...dotted);
    else if (GROUP.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** `::ffff:a.b.c.d` (RFC 4291, section 2.5.5.2). */
function isMapped(groups: Address): boolean {
  return groups.length === 8 && groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}
