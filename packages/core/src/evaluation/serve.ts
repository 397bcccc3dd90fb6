import { BUCKETS } from "../hash/bucket.ts";
import type { Serve, SplitShare } from "../model/flag.ts";
import { thousandthsOf } from "../model/thousandths.ts";
import { indexOfVariant, OFF, ON, type VariantTable } from "./variants.ts";

/**
 * What a rule or the fallthrough gives, laid out over the buckets: `first` below `limit`, and from there on `rest`, or, when
 * there are more than two shares, the one of `more` whose limit lies above the bucket. A single variant is a limit of all
 * buckets, so that one comparison tells whether a bucket is needed at all.
 */
export interface CompiledServe {
  /** 0…100,000. */
  readonly limit: number;
  readonly first: number;
  readonly rest: number;
  readonly more: readonly CompiledShare[] | undefined;
  readonly source: "variant" | "percentage" | readonly SplitShare[];
}

interface CompiledShare {
  readonly limit: number;
  readonly variant: number;
}

/** What the names in a flag's serves mean. */
export interface VariantScope {
  readonly variants: VariantTable;
  /** Stands in for a name that is unknown. */
  readonly offVariant: number;
}

/** Compiles what to serve, sharing one object among all percentages that are the same: a thousand flags have few different ones. */
export class ServeCompiler {
  readonly #percentages = new Map<number, CompiledServe>();

  compile(serve: Serve, scope: VariantScope): CompiledServe {
    if ("variant" in serve) return fixed(indexIn(scope, serve.variant), "variant");
    if ("split" in serve) return compileSplit(serve.split, scope);
    const limit = thousandthsOf(serve.percentage) ?? 0;
    const known = this.#percentages.get(limit);
    if (known !== undefined) return known;
    const compiled: CompiledServe = { limit, first: ON, rest: OFF, more: undefined, source: "percentage" };
    this.#percentages.set(limit, compiled);
    return compiled;
  }
}

function indexIn({ variants, offVariant }: VariantScope, name: string): number {
  return indexOfVariant(variants, name, offVariant);
}

function fixed(variant: number, source: CompiledServe["source"]): CompiledServe {
  return { limit: BUCKETS, first: variant, rest: variant, more: undefined, source };
}

/** Shares of nothing are left out, so that what remains tells whether anybody is split from anybody. */
function compileSplit(split: readonly SplitShare[], scope: VariantScope): CompiledServe {
  const shares: CompiledShare[] = [];
  let limit = 0;
  for (const share of split) {
    const width = thousandthsOf(share.percentage) ?? 0;
    if (width === 0) continue;
    limit += width;
    shares.push({ limit, variant: indexIn(scope, share.variant) });
  }
  const [first, second] = shares;
  const last = shares.at(-1);
  if (first === undefined || second === undefined || last === undefined) return fixed(first?.variant ?? OFF, split);
  const more = shares.length > 2 ? shares : undefined;
  return { limit: first.limit, first: first.variant, rest: last.variant, more, source: split };
}

/** The inverse of `compile`. */
export function serveOf(serve: CompiledServe, table: VariantTable): Serve {
  if (serve.source === "variant") return { variant: table.names[serve.first] ?? "" };
  if (serve.source === "percentage") return { percentage: serve.limit / 1000 };
  return { split: serve.source };
}

/** Whether who gets what depends on the bucket. */
export function needsBucket(serve: CompiledServe): boolean {
  return serve.limit > 0 && serve.limit < BUCKETS;
}

/** The variant for a bucket. */
export function variantFor(serve: CompiledServe, bucket: number): number {
  if (bucket < serve.limit) return serve.first;
  if (serve.more !== undefined) for (const share of serve.more) if (bucket < share.limit) return share.variant;
  return serve.rest;
}
