import type { PlanDocument } from "../document/document.ts";
import type { Reader } from "../reader.ts";
import type { CompletionPlan, Precondition, RollbackPlan } from "../types.ts";
import { itemId, lowerChecklist } from "./checklist.ts";
import { exactlyOne, from, meaningless, type Lowering } from "./context.ts";
import { checkNames } from "./names.ts";
import { CRITERION_FOR_MS, criterionOf, lowerCriterion } from "./rules.ts";
import { lowerCondition } from "./conditions.ts";

type Spec = PlanDocument["spec"];

/** A drill's rollback may have taken this long when the plan doesn't say. */
const DRILL_UNDER_MS = 30_000;

/** What must hold before exposure. */
export function lowerPreconditions(
  reader: Reader<NonNullable<Spec["preconditions"]>>,
  context: Lowering,
): readonly Precondition[] {
  return reader.items().flatMap((item) => lowerPrecondition(item, context) ?? []);
}

function lowerPrecondition(
  reader: Reader<NonNullable<Spec["preconditions"]>[number]>,
  context: Lowering,
): Precondition | undefined {
  const which = exactlyOne(reader, ["check", "require", "drill"], "what has to hold");
  if (which !== undefined && which !== "require") meaningless(reader.get("for"), `beside ${which}`);
  if (which !== undefined && which !== "check")
    for (const key of ["roles", "run"] as const) meaningless(reader.get(key), `beside ${which}`);
  switch (which) {
    case undefined:
      return undefined;
    case "check": {
      const text = reader.get("check").text() ?? "";
      const run = reader.get("run").text();
      const item = {
        id: itemId(text, "precondition", context),
        text,
        roles: reader.get("roles").texts(),
        ...(run === undefined ? {} : { run }),
      };
      return from<Precondition>(context, reader, { kind: "check", item });
    }
    case "require": {
      const forMs = reader.get("for").duration() ?? CRITERION_FOR_MS;
      const condition = lowerCondition(reader.get("require"), context);
      return (
        condition &&
        from<Precondition>(context, reader, { kind: "criterion", criterion: criterionOf(condition, forMs) })
      );
    }
    case "drill": {
      const drill = reader.get("drill");
      const withinMs = drill.get("within").duration() ?? 0;
      const underMs = drill.get("under").duration() ?? DRILL_UNDER_MS;
      return from<Precondition>(context, reader, { kind: "drill", withinMs, underMs });
    }
  }
}

/** What happens after the flag is at 0 %. */
export function lowerRollback(reader: Reader<NonNullable<Spec["rollback"]>>, context: Lowering): RollbackPlan {
  const verify = reader.get("verify");
  const criteria = verify
    .get("criteria")
    .items()
    .flatMap((one) => lowerCriterion(one, context) ?? []);
  const withinMs = verify.get("within").duration() ?? 0;
  if (verify.exists && verify.get("criteria").items().length === 0 && Array.isArray(verify.get("criteria").value)) {
    verify
      .get("criteria")
      .problem("there is nothing to verify", "name what recovery is, for example - error_rate < 1%");
  }
  return {
    ...(verify.exists ? { verify: { withinMs, criteria } } : {}),
    checklist: lowerChecklist(reader.get("checklist"), "rollback", context),
  };
}

/** What is left to do after the last stage. */
export function lowerCompletion(reader: Reader<NonNullable<Spec["completion"]>>, context: Lowering): CompletionPlan {
  const items = reader.get("reviews").items();
  checkNames(
    items.map((item) => item.get("name")),
    "review",
  );
  const checklist = lowerChecklist(reader.get("checklist"), "completion", context);
  const reviews = items.map((item) => {
    const name = item.get("name").text() ?? "";
    return from(context, item, {
      name,
      afterMs: item.get("after").duration() ?? 0,
      criteria: item
        .get("criteria")
        .items()
        .flatMap((one) => lowerCriterion(one, context, 0) ?? []),
      checklist: lowerChecklist(item.get("checklist"), name, context),
    });
  });
  return { checklist, reviews: reviews.toSorted((a, b) => a.afterMs - b.afterMs) };
}
