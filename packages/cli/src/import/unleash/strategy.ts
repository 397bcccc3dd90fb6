import type { Clause, JsonObject, JsonValue } from "@rampart/core";
import { attributeNamed, ID } from "../attribute.ts";
import { lose, note, require, tellUnknown } from "../findings.ts";
import { allOf, type Held } from "../held.ts";
import { isList, listOr, recordOr, textOf } from "../json.ts";
import type { Findings } from "../types.ts";
import { areBlocks, constraintOf, inBlocks, present } from "./constraint.ts";
import { STRATEGY_FIELDS } from "./fields.ts";
import type { SegmentBook } from "./segments.ts";

/** Whom a strategy switches a feature on for: among those for whom `held` holds, all or a share. */
export interface Strategy {
  readonly id: string;
  readonly title: string;
  readonly held: Held;
  /** Whole percent; 100: everybody. */
  readonly percentage: number;
  /** What divides users, where it is a share. */
  readonly bucketBy: string;
  readonly salt: string;
}

/** Reads a strategy; undefined after saying what is lost. */
export function strategyOf(
  item: JsonValue,
  place: { readonly path: string; readonly index: number; readonly feature: string },
  book: SegmentBook,
  findings: Findings,
): Strategy | undefined {
  const { path, index, feature } = place;
  const source = recordOr(item);
  tellUnknown(findings, path, source, STRATEGY_FIELDS);
  const constraints = listOr(source["constraints"]).map((each, at) => {
    const constraint = constraintOf(recordOr(each), `${path}/constraints/${at}`, findings);
    return constraint === undefined ? undefined : book.heldBy(constraint, `${path}/constraints/${at}`);
  });
  const segments = listOr(source["segments"]).map((id, at) => book.use(id, `${path}/segments/${at}`, findings));
  const own = ownOf(source, path, feature, findings);
  const parts = [...constraints, ...segments, own?.held];
  if (own === undefined || parts.some((part) => part === undefined)) return undefined;
  if (isList(source["variants"]) && source["variants"].length > 0) tellVariants(`${path}/variants`, findings);
  const id = textOf(source["id"]) ?? `strategy-${index}`;
  return { ...own, id, title: textOf(source["title"]) ?? "", held: allOf(parts.filter((part) => part !== undefined)) };
}

/** Says that a flag's variants stay behind. */
export function tellVariants(path: string, findings: Findings): void {
  const reason = "isEnabled is carried over, and the variants are not: a flag that is on or off has no others here";
  note(findings, {
    path,
    value: undefined,
    reason,
    advice: "make a second flag of the type string or json with the variants' values, and ask for that",
  });
}

type Own = Pick<Strategy, "held" | "percentage" | "bucketBy" | "salt">;
const EVERYBODY: Held = { kind: "always" };

/** What the strategy itself says, by its name. */
function ownOf(source: JsonObject, path: string, feature: string, findings: Findings): Own | undefined {
  const parameters = recordOr(source["parameters"]);
  const whole = { percentage: 100, bucketBy: ID, salt: feature };
  const share = (stickiness: string, percentage: JsonValue | undefined): Own =>
    shareOf(
      {
        stickiness,
        percentage: Number(percentage ?? Number.NaN),
        groupId: textOf(parameters["groupId"]) ?? "",
        feature,
        path,
      },
      findings,
    );
  switch (textOf(source["name"]) ?? "") {
    case "default":
      return { ...whole, held: EVERYBODY };
    case "flexibleRollout":
      return share(textOf(parameters["stickiness"]) || "default", parameters["rollout"]);
    case "gradualRolloutUserId":
      return share("userId", parameters["percentage"]);
    case "gradualRolloutSessionId":
      return share("sessionId", parameters["percentage"]);
    case "gradualRolloutRandom":
      return share("random", parameters["percentage"]);
    case "userWithId": {
      const ids = (textOf(parameters["userIds"]) ?? "").split(/\s*,\s*/).filter((id) => id !== "");
      return { ...whole, held: ids.length === 0 ? { kind: "never" } : { kind: "clauses", clauses: [idIn(ids)] } };
    }
    case "remoteAddress": {
      const texts = (textOf(parameters["IPs"]) ?? "").split(/\s*,\s*/).filter((text) => text !== "");
      if (texts.length === 0) return { ...whole, held: { kind: "never" } };
      if (areBlocks(texts)) return { ...whole, held: inBlocks("remoteAddress", texts) };
      const reason = "only addresses and blocks of IPv4 mean the same in both";
      return lose(findings, {
        path: `${path}/parameters/IPs`,
        value: texts,
        reason,
        advice: "make the rule here by hand",
      });
    }
    default: {
      const reason =
        source["name"] === "applicationHostname"
          ? "the SDK there looks at the machine's name"
          : "this strategy is code of the application's own";
      return lose(findings, {
        path: `${path}/name`,
        value: source["name"],
        reason,
        advice: "pass what it looks at as an attribute, and use a constraint on it there",
      });
    }
  }
}

interface Share {
  /** What users are told apart by: `default`, `random`, or a context field. */
  readonly stickiness: string;
  readonly percentage: number;
  readonly groupId: string;
  readonly feature: string;
  readonly path: string;
}

/** Unleash has a hundred buckets, so a part of a percent is nobody. */
function shareOf({ stickiness, percentage, groupId, feature, path }: Share, findings: Findings): Own {
  const given = Math.min(100, Math.floor(percentage));
  const isAnybody = stickiness === "default" || stickiness === "random";
  const bucketBy = isAnybody || stickiness === "userId" ? ID : attributeNamed([stickiness]);
  const own = { bucketBy, salt: groupId === "" ? feature : groupId };
  if (Number.isNaN(given) || given <= 0) return { ...own, percentage: 0, held: { kind: "never" } };
  if (given === 100)
    return { ...own, percentage: 100, held: isAnybody ? EVERYBODY : { kind: "clauses", clauses: [present(bucketBy)] } };
  if (stickiness === "random") {
    const reason = "it is drawn anew at every question there; here a user's answer stays";
    note(findings, {
      path: `${path}/parameters`,
      value: stickiness,
      reason,
      advice: "nothing, unless you count on that",
    });
  }
  if (stickiness !== "userId") {
    const named = bucketBy === ID ? "an id" : `the attribute ${bucketBy}`;
    const reason = `every user has ${named}; who lacks it gets the caller's default here`;
    require(findings, {
      path: `${path}/parameters/stickiness`,
      value: stickiness,
      reason,
      advice: "pass it with every user",
    });
  }
  return { ...own, percentage: given, held: EVERYBODY };
}

function idIn(ids: readonly string[]): Clause {
  return { attribute: ID, op: "in", values: [...new Set(ids)], negate: false };
}
