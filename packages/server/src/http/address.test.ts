import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { clientAddress, isLoopback, parseTrustedProxies, rateKey } from "./address.ts";

const from = (remoteAddress: string, forwarded?: string): IncomingMessage =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded },
  }) as unknown as IncomingMessage;

describe("a client's address", () => {
  it("is the peer's, whatever it claims, unless the peer is a trusted proxy", () => {
    expect(clientAddress(from("203.0.113.7", "10.0.0.1"), [])).toBe("203.0.113.7");
    expect(clientAddress(from("203.0.113.7", "10.0.0.1"), parseTrustedProxies(["192.168.0.0/16"]))).toBe("203.0.113.7");
  });

  it("is the last one that no trusted proxy has, so that a client can't make up its own", () => {
    const trusted = parseTrustedProxies(["10.0.0.0/8", "::1"]);
    expect(clientAddress(from("10.0.0.2", "1.2.3.4, 203.0.113.7, 10.0.0.3"), trusted)).toBe("203.0.113.7");
    expect(clientAddress(from("::1", "2001:db8::7"), trusted)).toBe("2001:db8::7");
    expect(clientAddress(from("10.0.0.2", "10.0.0.3"), trusted)).toBe("10.0.0.2");
  });

  it("is read in its short form when it is an IPv4 address in IPv6's clothes", () => {
    expect(clientAddress(from("::ffff:127.0.0.1"), [])).toBe("127.0.0.1");
    expect(isLoopback("::ffff:127.0.0.1")).toBe(true);
    expect(isLoopback("::1")).toBe(true);
    expect(isLoopback("127.8.9.10")).toBe(true);
    expect(isLoopback("128.0.0.1")).toBe(false);
    expect(isLoopback("nonsense")).toBe(false);
  });

  it("counts as one with its neighbours in an IPv6 /64", () => {
    expect(rateKey("2001:db8:1:2::1")).toBe(rateKey("2001:db8:1:2:ffff::9"));
    expect(rateKey("2001:db8:1:2::1")).not.toBe(rateKey("2001:db8:1:3::1"));
    expect(rateKey("203.0.113.7")).toBe("203.0.113.7");
  });

  it("can't be trusted by a text that is none", () => {
    expect(() => parseTrustedProxies(["10.0.0.0/8", "localhost"])).toThrow('"localhost" is neither');
  });
});
