import type { Scrub } from "../secrets/scrub.ts";

/** Fields that hold this server's own words, instants and digests: there is nothing to take out, and what looks like a key is none. */
const OWN_FIELDS: ReadonlySet<string> = new Set(
  `id digest planDigest epoch rollout instanceId hash previousHash at askedAt observedAt since committedAt closedAt boundedAt openedAt event
  state status kind outcome verdict unit what of`.split(/\s+/),
);

/** A view with secrets taken out of every text in it. */
export function scrubbed<T>(value: T, scrub: Scrub): T {
  return walk(value, scrub) as T;
}

function walk(value: unknown, scrub: Scrub): unknown {
  if (typeof value === "string") return scrub(value);
  if (Array.isArray(value)) return value.map((item: unknown) => walk(item, scrub));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      OWN_FIELDS.has(name) && typeof field === "string" ? field : walk(field, scrub),
    ]),
  );
}
