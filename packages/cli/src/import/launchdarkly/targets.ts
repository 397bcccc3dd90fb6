import type { FlagConfig, JsonObject } from "@rampart/core";
import { lose } from "../findings.ts";
import { listOr, recordOr } from "../json.ts";
import type { Findings } from "../types.ts";
import { nameAt } from "./serve.ts";

/**
 * The users that a flag names. Where context targets are given, they are what counts and say in which order; an entry of the kind `user`
 * stands for the user target of its variation. Whoever is named twice has the first.
 */
export function targetsOf(
  source: JsonObject,
  configPath: string,
  names: readonly string[],
  findings: Findings,
): FlagConfig["targets"] {
  const users = listOr(source["targets"]).map((target, index) => ({
    target: recordOr(target),
    path: `${configPath}/targets/${index}`,
  }));
  const contexts = listOr(source["contextTargets"]).map(recordOr);
  const counted =
    contexts.length === 0
      ? users
      : contexts.flatMap(({ contextKind, variation, values }, index) => {
          if (contextKind === undefined || contextKind === "" || contextKind === "user")
            return users.find(({ target }) => target["variation"] === variation) ?? [];
          if (listOr(values).length > 0) {
            const reason = "a user has one context here, and this is about another one";
            const advice = "pass what it is about as an attribute of the user, and make a rule of it";
            lose(findings, { path: `${configPath}/contextTargets/${index}`, value: contextKind, reason, advice });
          }
          return [];
        });
  const targets = new Map<string, string>();
  for (const { target, path } of counted) {
    const ids = listOr(target["values"]).filter((id) => typeof id === "string" && id !== "") as readonly string[];
    const name = ids.length === 0 ? undefined : nameAt(target["variation"], `${path}/variation`, names, findings);
    if (name !== undefined) for (const id of ids) if (!targets.has(id)) targets.set(id, name);
  }
  return Object.fromEntries(targets);
}
