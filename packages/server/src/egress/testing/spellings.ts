/** Loopback and private ranges: closed by default, and open where the configuration says so. */
export const PRIVATE: readonly string[] = [
  "127.0.0.1",
  "127.255.255.254",
  "10.0.0.1",
  "172.16.0.1",
  "172.31.255.254",
  "192.168.0.1",
  "100.64.0.1",
  "::1",
  "fc00::1",
  "fd12:3456:789a::1",
];

/** Link-local, multicast, reserved, unspecified, and tunnels whose end nobody knows: closed for ever. */
export const NEVER: readonly string[] = [
  "169.254.169.254",
  "0.0.0.0",
  "192.0.2.1",
  "198.18.0.1",
  "224.0.0.1",
  "240.0.0.1",
  "255.255.255.255",
  "::",
  "fe80::1",
  "febf::1",
  "fec0::1",
  "ff02::1",
  "2001:db8::1",
  "3fff::1",
  "100::1",
  "2001::7f00:1",
  "64:ff9b:1::7f00:1",
  // A translator finds 169.254.169.254 in its middle, where a look at its end finds 8.8.8.8.
  "64:ff9b:1:a9fe:a9:fe00:808:808",
  "5f00::1",
];

/** Hosts of URLs, each of which means `address`, in canonical form, or is no host at all. */
export function spellingsOf(address: string): readonly string[] {
  return address.includes(":") ? spellingsOfIpv6(address) : spellingsOfIpv4(address);
}

function spellingsOfIpv4(address: string): readonly string[] {
  const bytes = address.split(".").map(Number);
  const [a = 0, b = 0, c = 0, d = 0] = bytes;
  const whole = ((a * 256 + b) * 256 + c) * 256 + d;
  const [low24, low16] = [whole % 2 ** 24, whole % 2 ** 16];
  const octal = (value: number): string => `0${value.toString(8)}`;
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const words = `${hex(a * 256 + b).slice(2)}:${hex(low16).slice(2)}`;
  return [
    address,
    `${address}.`,
    String(whole),
    `${whole}.`,
    hex(whole),
    hex(whole).toUpperCase(),
    `0x${whole.toString(16).padStart(16, "0")}`,
    octal(whole),
    `000${octal(whole)}`,
    bytes.map(octal).join("."),
    bytes.map((byte) => `00${octal(byte)}`).join("."),
    bytes.map(hex).join("."),
    bytes.map((byte) => hex(byte).toUpperCase()).join("."),
    `${hex(a)}.${b}.${octal(c)}.${d}`,
    `${a}.${hex(b)}.${c}.${octal(d)}`,
    `${a}.${low24}`,
    `${hex(a)}.${hex(low24)}`,
    `${octal(a)}.${octal(low24)}`,
    `${a}.${b}.${low16}`,
    `${hex(a)}.${b}.${octal(low16)}.`,
    otherDigits(address, 0xff10),
    otherDigits(address, 0x1d7ce),
    otherDigits(String(whole), 0xff10),
    address.replaceAll(".", "\u3002"),
    address.replaceAll(".", "\uff0e"),
    address.replaceAll(".", "\uff61"),
    address.replaceAll(/\d/g, (digit) => `%3${digit}`),
    address.replaceAll(".", "%2e"),
    address.replaceAll(".", "\u00ad.\u00ad"),
    address.replace(".", ".\t"),
    `[::ffff:${address}]`,
    `[::FFFF:${words}]`,
    `[0000:0000:0000:0000:0000:ffff:${words}]`,
    `[::ffff:0:${words}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${words}]`,
    `[2002:${words}::]`,
    `[2002:${words}::1]`,
    // Below 2 ** 16 this deprecated form is an address of IPv6 itself, or not to be told from one.
    ...(whole >= 2 ** 16 ? [`[::${address}]`, `[0:0:0:0:0:0:${words}]`] : []),
  ];
}

function spellingsOfIpv6(address: string): readonly string[] {
  const [head = "", tail = ""] = address.split("::");
  const [before, after] = [head, tail].map((part) => part.split(":").filter((word) => word !== ""));
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const words = [...(before ?? []), ...Array.from({ length: missing }, () => "0"), ...(after ?? [])];
  const [seventh = "0", eighth = "0"] = words.slice(6);
  const lastFour = [seventh, eighth]
    .flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255])
    .join(".");
  return [
    `[${address}]`,
    `[${address.toUpperCase()}]`,
    `[${words.join(":")}]`,
    `[${words.map((word) => word.padStart(4, "0")).join(":")}]`,
    `[${words.slice(0, 6).join(":")}:${lastFour}]`,
    `[${address}%25eth0]`,
    `[${address}%eth0]`,
  ];
}

/** `text` with the ten digits of another alphabet, which begin at `zero`. */
function otherDigits(text: string, zero: number): string {
  return text.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
}
