import type { Clause, JsonValue, Segment } from "@rampart/core";
import { isWhole, lose } from "../findings.ts";
import { listOr, recordOr, textOf } from "../json.ts";
import type { ConvertedSegment, Findings } from "../types.ts";
import { clauseOf } from "./clause.ts";

/** A segment: there who is included is in, excluded or not; here an exclusion beats everything. */
export function segmentOf(item: JsonValue, path: string, keyInMap: string | undefined): ConvertedSegment {
  const source = recordOr(item);
  const findings: Findings = [];
  const key = textOf(source["key"]) ?? keyInMap ?? "";
  if (source["unbounded"] === true) {
    const reason = "who is in a big segment is not in the file";
    lose(findings, {
      path: `${path}/unbounded`,
      value: true,
      reason,
      advice: "make the segment here from the list of its users",
    });
  }
  for (const field of ["includedContexts", "excludedContexts"]) {
    for (const [index, target] of listOr(source[field]).entries()) {
      const { contextKind, values } = recordOr(target);
      if (listOr(values).length === 0) continue;
      const reason = "a user has one context here, and this is about another one";
      const advice = "pass what it is about as an attribute of the user, and make the segment here by hand";
      lose(findings, { path: `${path}/${field}/${index}`, value: contextKind, reason, advice });
    }
  }
  const included = idsOf(source["included"]);
  const excluded = idsOf(source["excluded"]).filter((id) => !included.includes(id));
  const rules = listOr(source["rules"]).map((rule, index) => ruleOf(rule, `${path}/rules/${index}`, findings));
  const name = textOf(source["name"]);
  const description = textOf(source["description"]) ?? (name === undefined || name === key ? "" : name);
  const segment: Segment = { key, description, included, excluded, rules: rules.filter((rule) => rule !== undefined) };
  return { key, path, whole: isWhole(findings) ? segment : undefined, findings };
}

function idsOf(ids: JsonValue | undefined): readonly string[] {
  return [...new Set(listOr(ids).filter((id) => typeof id === "string" && id !== ""))] as readonly string[];
}

function ruleOf(
  item: JsonValue,
  path: string,
  findings: Findings,
): { readonly clauses: readonly Clause[] } | undefined {
  const { clauses, weight } = recordOr(item);
  if (weight !== undefined && weight !== null) {
    const advice = "let the flag that uses the segment have the percentage";
    return lose(findings, {
      path: `${path}/weight`,
      value: weight,
      reason: "a segment can't hold a percentage of users here",
      advice,
    });
  }
  const read = listOr(clauses).map((clause, index) =>
    clauseOf(recordOr(clause), { path: `${path}/clauses/${index}`, segments: false }, findings),
  );
  if (read.length === 0) {
    const reason = "a rule without clauses is for everybody";
    return lose(findings, { path, value: item, reason, advice: "take the segment out of the flags' rules" });
  }
  return { clauses: read.filter((clause) => clause !== undefined) };
}
