import { describe, expect, it } from "vitest";
import {
  judgeAddresses,
  judgeMailUrl,
  judgeUrl,
  literalAddress,
  type Destination,
  type EgressPolicy,
} from "./policy.ts";

const CLOSED: EgressPolicy = { allowPrivate: false, allow: [] };
const only = (...allow: readonly string[]): EgressPolicy => ({ allowPrivate: false, allow });

const destinationOf = (url: string, policy: EgressPolicy = CLOSED): Destination => {
  const judged = judgeUrl(url, policy);
  if (!judged.ok) throw new Error(judged.reason);
  return judged.value;
};
const isListed = (url: string, policy: EgressPolicy): boolean => {
  const judged = judgeUrl(url, policy);
  return judged.ok && judged.value.listed;
};

describe("an address", () => {
  it("is taken apart: host without brackets and final dot, in small letters, and port", () => {
    expect(destinationOf("https://API.Example./a")).toMatchObject({ host: "api.example", port: 443, listed: false });
    expect(destinationOf("http://a.example/")).toMatchObject({ host: "a.example", port: 80 });
    expect(destinationOf("http://[2606:4700::1111]:8080/")).toMatchObject({ host: "2606:4700::1111", port: 8080 });
  });

  it.each([
    ["nonsense", "the address is not a URL", "write it as https://host/path"],
    ["ftp://a.example/", "the scheme ftp: is not allowed", "use http or https"],
    ["http://user@a.example/", "the address carries a user name or password", "put credentials into a header"],
    ["http://:secret@a.example/", "the address carries a user name or password", "put credentials into a header"],
    ["http://a.example:22/", "port 22 is not allowed", "allow a.example:22 by name"],
    ["http://a.example:1023/", "port 1023 is not allowed", "allow a.example:1023 by name"],
    ["http://a.example:25/", "port 25 is not allowed", "allow a.example:25 by name"],
  ])("like %s is refused with the reason and what to do", (url, reason, hint) => {
    expect(judgeUrl(url, CLOSED)).toEqual({ ok: false, reason, hint });
  });

  it("may have any port from 1024 up, and a lower one where it is listed by name", () => {
    expect(judgeUrl("http://a.example:1024/", CLOSED)).toMatchObject({ ok: true });
    expect(judgeUrl("http://a.example:22/", only("a.example:22"))).toMatchObject({ ok: true, value: { listed: true } });
    expect(judgeUrl("http://a.example:22/", only("a.example:23"))).toMatchObject({ ok: false });
  });

  it("of a mail server may carry credentials, and is refused in its own words", () => {
    expect(judgeMailUrl("smtp://me:secret@a.example", CLOSED)).toMatchObject({ ok: true, value: { port: 587 } });
    expect(judgeMailUrl("nonsense", CLOSED)).toEqual({
      ok: false,
      reason: "the address is not a URL",
      hint: "write it as smtp://host:587",
    });
    expect(judgeMailUrl("http://a.example", CLOSED)).toEqual({
      ok: false,
      reason: "the scheme http: is not allowed",
      hint: "use smtp or smtps",
    });
    expect(judgeMailUrl("smtp://a.example:80", CLOSED)).toMatchObject({ ok: false, reason: "port 80 is not allowed" });
  });
});

describe("a list", () => {
  it("names hosts, whatever their port, or with one", () => {
    expect(isListed("http://a.example:9090/", only("A.example"))).toBe(true);
    expect(isListed("http://a.example:9090/", only("a.example:9090"))).toBe(true);
    expect(isListed("https://a.example/", only("a.example:443"))).toBe(true);
    expect(isListed("http://b.a.example/", only("a.example"))).toBe(false);
    expect(isListed("http://a.example.evil.example/", only("a.example"))).toBe(false);
  });

  it("names all hosts below a name with a star, and not that name itself", () => {
    expect(isListed("http://b.a.example/", only("*.a.example"))).toBe(true);
    expect(isListed("http://c.b.a.example/", only("*.a.example"))).toBe(true);
    expect(isListed("http://b.a.example:9090/", only("*.a.example:9090"))).toBe(true);
    expect(isListed("http://a.example/", only("*.a.example"))).toBe(false);
    expect(isListed("http://evila.example/", only("*.a.example"))).toBe(false);
    expect(isListed("http://b.a.example.evil.example/", only("*.a.example"))).toBe(false);
  });

  it("names addresses, also those that hold colons", () => {
    expect(isListed("http://10.0.0.1:9090/", only("10.0.0.1"))).toBe(true);
    expect(isListed("http://[fd00::1]:9090/", only("FD00::1"))).toBe(true);
    expect(isListed("http://[fd00::2]:9090/", only("fd00::1"))).toBe(false);
  });

  it("names blocks, which are no names", () => {
    expect(judgeUrl("http://a.example/", only("10.0.0.0/8"))).toMatchObject({ ok: true, value: { listed: false } });
    expect(isListed("http://10.0.0.0/", only("10.0.0.0/8"))).toBe(false);
    expect(judgeUrl("http://a.example/", only("b.example", "10.0.0.0/8"))).toMatchObject({ ok: true });
  });

  it("closes everything else, before a name is looked up", () => {
    expect(judgeUrl("http://a.example/", only("b.example"))).toEqual({
      ok: false,
      reason: "a.example is not among the allowed destinations",
      hint: "add it to RAMPART_EGRESS_ALLOW",
    });
  });
});

describe("the addresses of a name", () => {
  const judge = (addresses: readonly string[], policy: EgressPolicy = CLOSED, url = "http://a.example/") =>
    judgeAddresses(destinationOf(url, policy), addresses, policy);

  it("are judged all, and the first is called", () => {
    expect(judge(["8.8.8.8", "1.1.1.1"])).toEqual({ ok: true, value: "8.8.8.8" });
  });

  it("are refused with the reason and what to do", () => {
    expect(judge([])).toEqual({ ok: false, reason: "a.example has no address", hint: "check the name" });
    expect(judge(["8.8.8.8", "169.254.169.254"])).toEqual({
      ok: false,
      reason: "169.254.169.254 is a link-local, multicast or reserved address",
      hint: "no setting lets these through",
    });
    expect(judge(["10.0.0.1"])).toEqual({
      ok: false,
      reason: "a.example is at a loopback or private address",
      hint: "allow it with RAMPART_EGRESS_ALLOW=a.example, or all of them with RAMPART_EGRESS_PRIVATE=true",
    });
  });

  it("may be private where that is opened, or where the name or their block is listed", () => {
    expect(judge(["10.0.0.1"], { allowPrivate: true, allow: [] })).toMatchObject({ ok: true });
    expect(judge(["10.0.0.1"], only("a.example"))).toMatchObject({ ok: true });
    expect(judge(["10.20.0.1"], only("10.20.0.0/16"))).toMatchObject({ ok: true });
    expect(judge(["fd00::1"], only("fd00::/8"))).toMatchObject({ ok: true });
  });

  it("must all be in a listed block where the name is not listed", () => {
    const refused = { ok: false, reason: "a.example is not among the allowed destinations" };
    expect(judge(["10.21.0.1"], only("10.20.0.0/16"))).toMatchObject(refused);
    expect(judge(["8.8.8.8"], only("10.20.0.0/16"))).toMatchObject(refused);
    expect(judge(["10.20.0.1", "8.8.8.8"], only("10.20.0.0/16"))).toMatchObject(refused);
    expect(judge(["8.8.8.8"], { allowPrivate: true, allow: ["10.20.0.0/16"] })).toMatchObject(refused);
  });

  it("need no looking up where the host is one", () => {
    expect(literalAddress(destinationOf("http://8.8.8.8/"))).toBe("8.8.8.8");
    expect(literalAddress(destinationOf("http://[2606:4700::1111]/"))).toBe("2606:4700::1111");
    expect(literalAddress(destinationOf("http://a.example/"))).toBeUndefined();
  });
});
