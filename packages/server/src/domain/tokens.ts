import { createHash } from "node:crypto";
import type { TokenKind } from "@rampart/core";

/** 256 random bits. */
const SECRET_SIZE_BYTES = 32;
const SECRET_LENGTH = 43;
/** 36 bits: one typing error in 7 × 10¹⁰ goes unseen. */
const CHECKSUM_LENGTH = 6;
/** Enough of the text to recognise a token by; the first four characters of the secret leave 232 bits. */
const PREFIX_SECRET_LENGTH = 4;

const TOKEN_PATTERN =
  /^rmp_(admin|operator|viewer|server|client|relay|ci)_([a-z0-9-]{1,32})_([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})$/;

/** What a token may do. A route names exactly one; nothing is allowed that isn't named here. */
export type Scope =
  | "flags:read"
  | "flags:write"
  | "flags:ramp"
  | "flags:kill"
  | "segments:read"
  | "segments:write"
  | "tokens:admin"
  | "audit:read"
  | "audit:write"
  | "clients:read"
  | "metrics:read"
  | "signals:write"
  | "plans:read"
  | "plans:write"
  | "rollouts:read"
  | "rollouts:write"
  | "rollouts:approve"
  | "channels:test"
  | "channels:write"
  | "sdk:read"
  | "sdk:write"
  | "client:read"
  | "client:write"
  | "ofrep:read"
  | "relay:serve";

/** A token as it is handed out, once. */
export interface MintedToken {
  readonly text: string;
  /** Hex SHA-256 of the text: what is stored. */
  readonly hash: string;
  /** The first characters, to recognise it by. */
  readonly prefix: string;
}

/** What a text that should be a token turns out to be. */
export type ParsedToken =
  | { readonly kind: "token"; readonly tokenKind: TokenKind; readonly environment: string }
  /** The shape is right and the checksum is not: a typing error, or a letter lost in copying. */
  | { readonly kind: "mistyped" }
  /** Not one of ours. */
  | { readonly kind: "malformed" };

/**
 * A new token: `rmp_<kind>_<environment>_<43 characters of 256 random bits><6 of a checksum>`, all of it in base64url, so that
 * scanners for leaked secrets can tell it. `environment` is the label of the one it is bound to, `all` for several.
 */
export function mintToken(of: {
  readonly kind: TokenKind;
  readonly environment: string;
  readonly random: (sizeBytes: number) => Uint8Array;
}): MintedToken {
  const secret = Buffer.from(of.random(SECRET_SIZE_BYTES)).toString("base64url");
  const head = `rmp_${of.kind}_${of.environment}_`;
  const text = head + secret + checksumOf(head + secret);
  if (secret.length !== SECRET_LENGTH || !TOKEN_PATTERN.test(text)) {
    throw new Error(
      `can't make a ${of.kind} token for the environment label ${JSON.stringify(of.environment)}: labels are 1 to 32 of a-z, 0-9 and -, and the secret is ${SECRET_SIZE_BYTES} bytes`,
    );
  }
  return { text, hash: hashToken(text), prefix: text.slice(0, head.length + PREFIX_SECRET_LENGTH) };
}

/** Checks shape and checksum, so that a typing error is told apart from a key that is unknown or was revoked. Says nothing of whether the token is good. */
export function parseToken(text: string): ParsedToken {
  const [, kind = "", environment = ""] = TOKEN_PATTERN.exec(text) ?? [];
  if (kind === "") return { kind: "malformed" };
  const body = text.slice(0, -CHECKSUM_LENGTH);
  if (checksumOf(body) !== text.slice(-CHECKSUM_LENGTH)) return { kind: "mistyped" };
  return { kind: "token", tokenKind: kind as TokenKind, environment };
}

/** Hex SHA-256 of the token's text. The secret is 256 random bits, so a fast hash is enough, and looking it up leaks no prefix of it. */
export function hashToken(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

const VIEWER = [
  "flags:read",
  "segments:read",
  "audit:read",
  "clients:read",
  "metrics:read",
  "plans:read",
  "rollouts:read",
] as const satisfies readonly Scope[];
const OPERATOR = [
  ...VIEWER,
  "flags:write",
  "flags:ramp",
  "flags:kill",
  "segments:write",
  "signals:write",
  "plans:write",
  "rollouts:write",
  "rollouts:approve",
  "channels:test",
] as const satisfies readonly Scope[];

const SCOPES: { readonly [kind in TokenKind]: ReadonlySet<Scope> } = {
  viewer: new Set(VIEWER),
  operator: new Set(OPERATOR),
  admin: new Set([...OPERATOR, "tokens:admin", "channels:write", "audit:write"]),
  // A pipeline ramps, also to 0, and reports; it neither edits flags nor approves what it started.
  ci: new Set([
    "flags:read",
    "flags:ramp",
    "clients:read",
    "signals:write",
    "plans:read",
    "plans:write",
    "rollouts:read",
    "rollouts:write",
  ]),
  server: new Set(["sdk:read", "sdk:write", "ofrep:read"]),
  client: new Set(["client:read", "client:write", "ofrep:read"]),
  // It serves everybody else's keys, and reports what pages asked it for.
  relay: new Set(["relay:serve", "sdk:write"]),
};

/** What a kind of token may do. Everything that isn't in the set is denied. */
export function scopesOf(kind: TokenKind): ReadonlySet<Scope> {
  return SCOPES[kind];
}

/** 256 random bits in base64url, by which contexts are signed. Nothing is stored of it but itself. */
export function mintContextSecret(random: (sizeBytes: number) => Uint8Array): string {
  return Buffer.from(random(SECRET_SIZE_BYTES)).toString("base64url");
}

/** Not against forgery, only against typing errors: anybody can compute it. */
const checksumOf = (text: string): string =>
  createHash("sha256").update(text, "utf8").digest("base64url").slice(0, CHECKSUM_LENGTH);
