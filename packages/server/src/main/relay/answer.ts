import { parseDelta, parseSnapshot, type Parsed, type Skipped } from "@rampart/core";
import { z } from "zod";
import type { EnvironmentChanges, EnvironmentContent, Relayed, ServedFlag, TokenRecord } from "../../ports/store.ts";

/** What the upstream server says of an environment. */
export type ChangesAnswer = { readonly now: number } & (
  | { readonly kind: "unchanged"; readonly epoch: string; readonly revision: number; readonly relayed: Relayed }
  | { readonly kind: "changes"; readonly changes: Omit<EnvironmentChanges, "key"> }
  | { readonly kind: "snapshot"; readonly content: EnvironmentContent }
  /** It has to be asked for everything. */
  | { readonly kind: "unknown" }
);

const head = z.object({
  now: z.number(),
  asOfMs: z.number(),
  off: z.array(z.string()),
  kind: z.enum(["unchanged", "changes", "snapshot", "unknown"]),
  visible: z.array(z.string()).default([]),
  epoch: z.string().default(""),
  revision: z.number().default(0),
  delta: z.unknown().optional(),
  snapshot: z.unknown().optional(),
});

/** Reads an answer. Items that can't be read are told to `onSkipped`: a newer server may know what this relay does not. Throws for what is no answer. */
export function readChanges(text: string, onSkipped: (skipped: readonly Skipped[]) => void): ChangesAnswer {
  const { now, asOfMs, off, kind, visible, epoch, revision, delta, snapshot } = head.parse(JSON.parse(text));
  const relayed: Relayed = { asOfMs, off };
  const shown = new Set(visible);
  const served = (flags: readonly Omit<ServedFlag, "clientVisible">[]): readonly ServedFlag[] =>
    flags.map((flag) => ({ ...flag, clientVisible: shown.has(flag.key) }));
  switch (kind) {
    case "unknown":
      return { now, kind };
    case "unchanged":
      return { now, kind, epoch, revision, relayed };
    case "changes": {
      const { digest: _, flags, ...changes } = wholeOf(parseDelta(delta), onSkipped);
      return { now, kind, changes: { ...changes, flags: served(flags), relayed } };
    }
    case "snapshot": {
      const { environment, flags, ...content } = wholeOf(parseSnapshot(snapshot), onSkipped);
      const { epoch: at, revision: upTo, segments } = content;
      return {
        now,
        kind,
        content: { key: environment, epoch: at, revision: upTo, segments, flags: served(flags), relayed },
      };
    }
  }
}

function wholeOf<T>(parsed: Parsed<T>, onSkipped: (skipped: readonly Skipped[]) => void): T {
  if (!parsed.ok) throw new Error(`its answer can't be read: ${parsed.reason}`);
  if (parsed.skipped.length > 0) onSkipped(parsed.skipped);
  return parsed.value;
}

const keys = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      kind: z.enum(["server", "client", "relay"]),
      name: z.string(),
      environments: z.array(z.string()),
      roles: z.array(z.string()),
      hash: z.string(),
      prefix: z.string(),
      createdAt: z.number(),
      expiresAt: z.number().exactOptional(),
      revokedAt: z.number().exactOptional(),
      browsers: z.object({ origins: z.array(z.string()), secret: z.string().exactOptional() }).exactOptional(),
    }),
  ),
});

/** Reads what was said of tokens. Throws for what is no answer. */
export function readKeys(text: string): readonly TokenRecord[] {
  return keys.parse(JSON.parse(text)).items;
}

const noted = z.object({ now: z.number() });

/** Reads what was said to a report. Throws for what is no answer. */
export function readNoted(text: string): { readonly now: number } {
  return noted.parse(JSON.parse(text));
}
