import * as fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { contains, parseAddress, parseBlock } from "./cidr.ts";

/** `::1.2.3.4`, long deprecated: ipaddr.js takes it for the mapped `::ffff:1.2.3.4`, we take it for the IPv6 address that it is. */
const isCompatible = (text: string) => /^::\d+(\.\d+){3}(\/|$)/.test(text);

const ipv4 = fc.oneof(fc.ipV4(), fc.constantFrom("10.0.0.1", "10.0.0.2", "0.0.0.0", "255.255.255.255"));
const ipv6 = fc.oneof(fc.ipV6(), fc.constantFrom("::", "::1", "2001:db8::1", "::ffff:10.0.0.1", "::ffff:a00:2", "1::"));
const address = fc.oneof(ipv4, ipv6).filter((text) => !isCompatible(text));
const block = fc
  .oneof(
    fc.tuple(ipv4, fc.nat({ max: 32 })).map(([address, bits]) => `${address}/${bits}`),
    fc.tuple(ipv6, fc.nat({ max: 128 })).map(([address, bits]) => `${address}/${bits}`),
  )
  .filter((text) => !isCompatible(text));

/** What ipaddr.js says, with addresses that map IPv4 ones taken for those. */
function oracle(address: string, block: string): boolean {
  const [network, bits] = ipaddr.parseCIDR(block);
  const parsed = ipaddr.process(address);
  if (network instanceof ipaddr.IPv6 && network.isIPv4MappedAddress() && bits >= 96) {
    return parsed instanceof ipaddr.IPv4 && parsed.match(network.toIPv4Address(), bits - 96);
  }
  return parsed.kind() === network.kind() && parsed.match(network, bits);
}

describe("address blocks", () => {
  it("contain what ipaddr.js says they contain", () => {
    fc.assert(
      fc.property(address, block, (address, blockText) => {
        const [parsed, read] = [parseAddress(address), parseBlock(blockText)];
        // A mapped network with fewer bits than its mapping is no block of IPv4, and we have no other use for it.
        if (read === undefined)
          return ipaddr.process(blockText.split("/")[0] ?? "").kind() === "ipv4" && blockText.includes(":");
        return parsed !== undefined && contains(read, parsed) === oracle(address, blockText);
      }),
      { numRuns: 5000 },
    );
  });

  it("end where their prefix says, at every length", () => {
    for (let bits = 1; bits <= 32; bits++) {
      const first = (2 ** 32 - 2 ** (32 - bits)) >>> 0;
      const text = (n: number) => [24, 16, 8, 0].map((shift) => (n >>> shift) & 255).join(".");
      const block = parseBlock(`${text(first)}/${bits}`);
      const [inside, before] = [parseAddress(text(first)), parseAddress(text(first - 1))];
      expect(block && inside && contains(block, inside), `/${bits}`).toBe(true);
      expect(block && before && contains(block, before), `/${bits}`).toBe(false);
    }
  });

  it.each([
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/",
    "10.0.0.0/08",
    "10.0.0.0/8/8",
    "::/129",
    "::ffff:10.0.0.0/95",
    "",
    "/8",
    "x/8",
  ])("are not: %j", (text) => {
    expect(parseBlock(text)).toBeUndefined();
  });

  it.each([
    "10.0.0",
    "10.0.0.256",
    "010.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "10.0.0.1:80",
    "[::1]",
    "::1%eth0",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "::10.0.0.1.2",
    "10.0.0.1::",
    "g::",
    "12345::",
    " ::1",
    "",
  ])("no address: %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("take no value but texts", () => {
    for (const value of [1, null, undefined, {}, ["10.0.0.1"]]) {
      expect(parseAddress(value)).toBeUndefined();
      expect(parseBlock(value)).toBeUndefined();
    }
  });
});
