import type { TokenKind } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { authorize, authorizeAll, authorizeIn, authorizeKey, isFor, isForAll, type Grant } from "./grant.ts";
import type { Principal } from "./principal.ts";
import { ProblemError } from "./problem.ts";

const KNOWN = ["production", "staging"];
const principal = (kind: TokenKind, environments: readonly string[]): Principal => ({
  actor: "token:a (a)",
  kind,
  environments,
  roles: [],
  tokenId: "a",
});
const grantFor = (...environments: readonly string[]): Grant =>
  authorize(principal("viewer", environments), "flags:read");

/** `CODE: detail hint` of what an act is refused with. */
function refusalOf(act: () => unknown): string {
  try {
    act();
  } catch (cause) {
    if (cause instanceof ProblemError) return `${cause.failure.code}: ${cause.failure.detail} ${cause.failure.hint}`;
    throw cause;
  }
  throw new Error("it was not refused");
}

describe("a grant", () => {
  it("says who, and with which scopes", () => {
    expect(authorize(principal("client", ["production"]), "client:read")).toEqual({
      ...principal("client", ["production"]),
      scopes: new Set(["client:read", "client:write", "ofrep:read"]),
    });
  });

  it("is refused without the scope, which is named with those there are", () => {
    expect(refusalOf(() => authorize(principal("client", ["production"]), "flags:kill"))).toBe(
      "FORBIDDEN: This needs the scope flags:kill, which tokens of the kind client don't have. It has: client:read, client:write, ofrep:read. Use another kind of token.",
    );
  });

  it("is for every environment with a star, and else for those that it names", () => {
    expect([isForAll(grantFor("*")), isForAll(grantFor("production")), isForAll(grantFor())]).toEqual([
      true,
      false,
      false,
    ]);
    expect([isFor(grantFor("*"), "staging"), isFor(grantFor("staging"), "staging")]).toEqual([true, true]);
    expect([isFor(grantFor("production"), "staging"), isFor(grantFor(), "staging")]).toEqual([false, false]);
  });
});

describe("a grant in one environment", () => {
  it("carries the environment that was checked", () => {
    expect(authorizeIn(grantFor("*"), "staging", KNOWN)).toEqual({ ...grantFor("*"), environment: "staging" });
    expect(authorizeIn(grantFor("staging"), "staging", KNOWN).environment).toBe("staging");
  });

  it("is refused for another one, whether that exists or not", () => {
    for (const environment of ["production", "nowhere"])
      expect(refusalOf(() => authorizeIn(grantFor("staging"), environment, KNOWN))).toBe(
        `FORBIDDEN: This needs a token that is good for the environment "${environment}"; this one is good for staging. Ask an administrator for another token.`,
      );
    expect(refusalOf(() => authorizeIn(grantFor(), "staging", KNOWN))).toContain("this one is good for none.");
    expect(refusalOf(() => authorizeIn(grantFor("a", "b"), "staging", KNOWN))).toContain("good for a, b.");
  });

  it("is refused for one that there is not", () => {
    expect(refusalOf(() => authorizeIn(grantFor("*"), "stagging", KNOWN))).toContain("ENVIRONMENT_NOT_FOUND");
    expect(refusalOf(() => authorizeIn(grantFor("*"), "__proto__", KNOWN))).toContain("ENVIRONMENT_NOT_FOUND");
  });

  it("does not repeat a long name whole", () => {
    expect(refusalOf(() => authorizeIn(grantFor("staging"), "x".repeat(5_000), KNOWN))).toContain(
      `"${"x".repeat(80)}"`,
    );
  });
});

describe("a grant for all", () => {
  it("takes a token that is not bound", () => {
    const grant = grantFor("*");
    expect(authorizeAll(grant)).toBe(grant);
    expect(refusalOf(() => authorizeAll(grantFor(...KNOWN)))).toBe(
      "FORBIDDEN: This needs a token that is good for all environments; this one is good for production, staging. Ask an administrator for another token.",
    );
  });
});

describe("an SDK's key", () => {
  it("says itself which environment it is for", () => {
    expect(authorizeKey(grantFor("staging"), KNOWN).environment).toBe("staging");
  });

  it.each([[[]], [["*"]], [["production", "staging"]]])("is none when it is bound to %j", (environments) => {
    expect(refusalOf(() => authorizeKey(grantFor(...environments), KNOWN))).toContain(
      "exactly one environment, as SDK keys are",
    );
  });

  it("is worthless when its environment is gone", () => {
    expect(refusalOf(() => authorizeKey(grantFor("staging"), ["production"]))).toContain("ENVIRONMENT_NOT_FOUND");
  });
});
