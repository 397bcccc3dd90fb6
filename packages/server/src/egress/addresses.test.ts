import { describe, expect, it } from "vitest";
import { addressKind, inBlock, isBlock } from "./addresses.ts";

describe("the kind of an address", () => {
  it.each(["127.0.0.1", "127.255.0.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"])(
    "%s is private",
    (address) => {
      expect(addressKind(address)).toBe("private");
    },
  );

  it.each(["8.8.8.8", "1.1.1.1", "2606:4700::1111"])("%s is public", (address) => {
    expect(addressKind(address)).toBe("public");
  });

  it.each([
    "169.254.169.254",
    "fe80::1",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.2.1",
    "2001:db8::1",
    "fec0::1",
    "not an address",
    "",
  ])("%s is never to be called", (address) => {
    expect(addressKind(address)).toBe("never");
  });

  it.each(["::ffff:127.0.0.1", "::ffff:7f00:1", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:0:7f00:1"])(
    "%s carries 127.0.0.1, and is what that is",
    (address) => {
      expect(addressKind(address)).toBe("private");
    },
  );

  it("the metadata service is out of reach through every carrier", () => {
    for (const address of ["::ffff:169.254.169.254", "::a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"])
      expect(addressKind(address)).toBe("never");
  });
});

describe("blocks", () => {
  it("are told from names and addresses", () => {
    expect(["10.0.0.0/8", "fd00::/8", "10.0.0.1", "a.example", "10.0.0.0/64"].map(isBlock)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("hold addresses of their own family, mapped ones included", () => {
    expect(inBlock("10.20.3.4", "10.20.0.0/16")).toBe(true);
    expect(inBlock("::ffff:10.20.3.4", "10.20.0.0/16")).toBe(true);
    expect(inBlock("10.21.3.4", "10.20.0.0/16")).toBe(false);
    expect(inBlock("fd00::1", "10.20.0.0/16")).toBe(false);
  });
});
