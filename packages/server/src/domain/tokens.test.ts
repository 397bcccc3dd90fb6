import type { TokenKind } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashToken, mintContextSecret, mintToken, parseToken, scopesOf } from "./tokens.ts";

const KINDS: readonly TokenKind[] = ["admin", "operator", "viewer", "server", "client", "ci"];
const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const mint = (kind: TokenKind, environment: string, secret: Uint8Array) =>
  mintToken({ kind, environment, random: () => secret });

describe("a token", () => {
  it("has its kind, its environment and 256 random bits in it, and is known by its hash", () => {
    const sizes: number[] = [];
    const token = mintToken({
      kind: "server",
      environment: "production",
      random: (sizeBytes) => {
        sizes.push(sizeBytes);
        return new Uint8Array(sizeBytes).fill(255);
      },
    });
    expect(sizes).toEqual([32]);
    expect(token.text).toMatch(/^rmp_server_production_[_]{42}8[A-Za-z0-9_-]{6}$/);
    expect(token.prefix).toBe("rmp_server_production_____");
    expect(token.hash).toBe(hashToken(token.text));
    expect(token.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is read back as what it was made, whatever its bytes are", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        fc.constantFrom("production", "all", "eu-west-1"),
        bytes,
        (kind, environment, secret) => {
          expect(parseToken(mint(kind, environment, secret).text)).toEqual({
            kind: "token",
            tokenKind: kind,
            environment,
          });
        },
      ),
    );
  });

  it("is told from a mistyped one, in whatever place the error is", () => {
    fc.assert(
      fc.property(bytes, fc.nat(), fc.constantFrom("a", "B", "0", "9", "_", "-"), (secret, at, letter) => {
        const { text } = mint("operator", "all", secret);
        const place = "rmp_operator_all_".length + (at % 49);
        const typed = text.slice(0, place) + letter + text.slice(place + 1);
        expect(parseToken(typed).kind).toBe(typed === text ? "token" : "mistyped");
      }),
    );
  });

  it("is mistyped, too, with another kind or environment than it was made with", () => {
    const { text } = mint("viewer", "staging", new Uint8Array(32));
    expect(parseToken(text.replace("viewer", "admin"))).toEqual({ kind: "mistyped" });
    expect(parseToken(text.replace("staging", "production"))).toEqual({ kind: "mistyped" });
  });

  it.each([
    "",
    "dev",
    "rmp_root_all_",
    "Bearer x",
    "rmp_admin_all_short",
    `${mint("ci", "all", new Uint8Array(32)).text}x`,
    `x${mint("ci", "all", new Uint8Array(32)).text}`,
    `${mint("ci", "all", new Uint8Array(32)).text}\n`,
  ])("is not %j", (text) => {
    expect(parseToken(text)).toEqual({ kind: "malformed" });
  });

  it("is not made of an environment that its text can't hold, or of too few bytes", () => {
    expect(() => mint("server", "Prod_1", new Uint8Array(32))).toThrow(/Prod_1/);
    expect(() => mint("server", "production", new Uint8Array(16))).toThrow(/32 bytes/);
  });
});

it("a secret for contexts is 256 random bits in base64url", () => {
  expect(mintContextSecret((sizeBytes) => new Uint8Array(sizeBytes).fill(251))).toBe("-_v7".repeat(10) + "-_s");
});

describe("scopes", () => {
  const has = (kind: TokenKind, scope: Parameters<ReturnType<typeof scopesOf>["has"]>[0]) => scopesOf(kind).has(scope);

  it("give an admin everything that an operator has, and an operator everything that a viewer has", () => {
    for (const scope of scopesOf("viewer")) expect(has("operator", scope)).toBe(true);
    for (const scope of scopesOf("operator")) expect(has("admin", scope)).toBe(true);
  });

  it("let a viewer read and nothing else", () => {
    expect([...scopesOf("viewer")].every((scope) => scope.endsWith(":read"))).toBe(true);
  });

  it("let only an admin manage tokens", () => {
    expect(KINDS.filter((kind) => has(kind, "tokens:admin"))).toEqual(["admin"]);
  });

  it("let nobody but people and pipelines move a percentage", () => {
    expect(KINDS.filter((kind) => has(kind, "flags:ramp"))).toEqual(["admin", "operator", "ci"]);
    expect(KINDS.filter((kind) => has(kind, "flags:kill"))).toEqual(["admin", "operator"]);
    expect(KINDS.filter((kind) => has(kind, "flags:write"))).toEqual(["admin", "operator"]);
  });

  it("keep SDK keys to the SDKs' calls, and everybody else out of them", () => {
    expect([...scopesOf("server")]).toEqual(["sdk:read", "sdk:write", "ofrep:read"]);
    expect([...scopesOf("client")]).toEqual(["client:read", "client:write", "ofrep:read"]);
    expect(KINDS.filter((kind) => has(kind, "sdk:read"))).toEqual(["server"]);
    expect(KINDS.filter((kind) => has(kind, "client:read"))).toEqual(["client"]);
  });

  it("give an admin three more than an operator, and a pipeline these", () => {
    expect([...scopesOf("admin")].filter((scope) => !has("operator", scope))).toEqual([
      "tokens:admin",
      "channels:write",
      "audit:write",
    ]);
    expect([...scopesOf("ci")]).toEqual([
      "flags:read",
      "flags:ramp",
      "clients:read",
      "signals:write",
      "plans:read",
      "plans:write",
      "rollouts:read",
      "rollouts:write",
    ]);
  });

  it("don't let a pipeline approve what it started", () => {
    expect(has("ci", "rollouts:write")).toBe(true);
    expect(has("ci", "rollouts:approve")).toBe(false);
  });
});
