import { createHash } from "node:crypto";
import type { JsonValue } from "@rampart/core";
import canonicalize from "canonicalize";

/**
 * Hex SHA-256 of the document's canonical JSON (RFC 8785). Comments, formatting and the order of fields change nothing, so they void
 * no approval; every value does.
 */
export function digestOf(json: JsonValue): string {
  const text = canonicalize(json);
  if (text === undefined) throw new Error("a plan's document is JSON and has a canonical form");
  return createHash("sha256").update(text, "utf8").digest("hex");
}
