import type { PlanDocument } from "../document/document.ts";
import type { Reader } from "../reader.ts";
import type { ChecklistItem } from "../types.ts";
import { from, type Lowering } from "./context.ts";

type ItemDocument = NonNullable<PlanDocument["spec"]["stages"][number]["checklist"]>[number];

/** Long enough to recognise a line by, short enough to type. */
const ID_LENGTH_MAX = 48;

/** `group`: what the items belong to, a stage's name for example; it tells equal texts in different lists apart. */
export function lowerChecklist(
  reader: Reader<readonly ItemDocument[]>,
  group: string,
  context: Lowering,
): readonly ChecklistItem[] {
  const seen = new Map<string, number>();
  return reader.items().map((item, index) => {
    const text = item.text() ?? item.get("item").text() ?? "";
    const first = seen.get(text);
    if (first !== undefined && text !== "")
      item.problem(`this is the same as item ${first + 1}`, "items of a checklist are told apart by their texts");
    seen.set(text, first ?? index);
    const roles = item.get("roles").texts();
    const withinMs = item.get("within").duration();
    const run = item.get("run").text();
    return from(context, item, {
      id: itemId(text, group, context),
      text,
      roles,
      ...(withinMs === undefined ? {} : { withinMs }),
      ...(run === undefined ? {} : { run }),
    });
  });
}

/** A slug of the text that nothing else in the plan has. */
export function itemId(text: string, group: string, context: Lowering): string {
  const slug = slugOf(text);
  const candidates = [slug, `${slugOf(group)}-${slug}`.slice(0, ID_LENGTH_MAX)];
  let id = candidates.find((one) => !context.itemIds.has(one));
  for (let count = 2; id === undefined; count++) {
    const numbered = `${slug.slice(0, ID_LENGTH_MAX - 5)}-${count}`;
    if (!context.itemIds.has(numbered)) id = numbered;
  }
  context.itemIds.add(id);
  return id;
}

function slugOf(text: string): string {
  const slug = text
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-")
    .slice(0, ID_LENGTH_MAX)
    .replaceAll(/^-+|-+$/g, "");
  return slug === "" ? "item" : slug;
}
