import type { JsonValue, Serve, SplitShare } from "@rampart/core";
import { ID } from "../attribute.ts";
import { loseShape, require } from "../findings.ts";
import { isList, recordOr } from "../json.ts";
import type { Findings } from "../types.ts";
import { attributeOf } from "./clause.ts";

/** All of a rollout's weights. */
const WHOLE = 100_000;

/** What a rule or the fallthrough gives. `bucketBy` is undefined where everybody gets the same. */
export interface Served {
  readonly serve: Serve;
  readonly bucketBy: string | undefined;
}

/** Reads a variation or a rollout; undefined after saying what is lost. `names`: the variants by index. */
export function servedOf(
  source: JsonValue | undefined,
  path: string,
  names: readonly string[],
  findings: Findings,
): Served | undefined {
  const { variation, rollout } = recordOr(source);
  if (variation !== undefined && variation !== null) {
    const variant = nameAt(variation, `${path}/variation`, names, findings);
    return variant === undefined ? undefined : { serve: { variant }, bucketBy: undefined };
  }
  const { variations, bucketBy, kind, contextKind } = recordOr(rollout);
  if (!isList(variations) || variations.length === 0)
    return loseShape(findings, path, source, "a variation or a rollout");
  const shares = sharesOf(variations, `${path}/rollout/variations`, names, findings);
  if (shares === undefined) return undefined;
  const given = shares.filter(({ percentage }) => percentage > 0);
  const [only] = given;
  if (only !== undefined && given.length === 1) return { serve: { variant: only.variant }, bucketBy: undefined };
  // Experiments go by the key, whatever they say.
  const named = kind === "experiment" || bucketBy === undefined || bucketBy === null ? "key" : bucketBy;
  const attribute = attributeOf(
    { bucketBy: named, ...(contextKind === undefined ? {} : { contextKind }) },
    `${path}/rollout`,
    findings,
  );
  if (attribute === undefined) return undefined;
  if (attribute !== ID) tellMissing(attribute, path, findings);
  return { serve: serveOf(shares), bucketBy: attribute };
}

/** The name of the variant that an index means. */
export function nameAt(
  index: JsonValue | undefined,
  path: string,
  names: readonly string[],
  findings: Findings,
): string | undefined {
  const name = typeof index === "number" ? names[index] : undefined;
  return name ?? loseShape(findings, path, index, "the index of a variation");
}

/** One share for each variant, in the order of the first; what is missing to the whole is the last one's, as LaunchDarkly has it. */
function sharesOf(
  variations: readonly JsonValue[],
  path: string,
  names: readonly string[],
  findings: Findings,
): readonly SplitShare[] | undefined {
  const weights = new Map<string, number>();
  let left = WHOLE;
  for (const [index, item] of variations.entries()) {
    const { variation, weight } = recordOr(item);
    const name = nameAt(variation, `${path}/${index}/variation`, names, findings);
    if (name === undefined) return undefined;
    if (typeof weight !== "number" || !Number.isInteger(weight) || weight < 0 || weight > left)
      return loseShape(
        findings,
        `${path}/${index}/weight`,
        weight,
        `a whole number, with all of them at most ${WHOLE},`,
      );
    left -= weight;
    const given = index === variations.length - 1 ? weight + left : weight;
    weights.set(name, (weights.get(name) ?? 0) + given);
  }
  return [...weights].map(([variant, weight]) => ({ variant, percentage: weight / 1000 }));
}

function serveOf(shares: readonly SplitShare[]): Serve {
  const on = shares.find(({ variant }) => variant === "on");
  const isBoolean = shares.every(({ variant }) => variant === "on" || variant === "off");
  return isBoolean && on !== undefined ? { percentage: on.percentage } : { split: shares };
}

function tellMissing(attribute: string, path: string, findings: Findings): void {
  require(findings, {
    path: `${path}/rollout/bucketBy`,
    value: attribute,
    reason: `every user has the attribute ${attribute}; who lacks it gets the caller's default here, and the first share there`,
    advice: `pass ${attribute} with every user`,
  });
}
