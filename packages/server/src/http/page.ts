import { z } from "@hono/zod-openapi";
import type { Page } from "@rampart/core";

/** Items of one page, at most and when nothing is said. */
export const PAGE_MAX = 1_000;

/** The query of a paged list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX).openapi({ description: "Items at most" }),
  cursor: z.string().max(200).optional().openapi({ description: "`next` of the page before" }),
});

/** The page of items whose keys follow the cursor. Keys, not positions: what is added or removed meanwhile moves nothing. */
export function pageAfter<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Page<T> {
  const sorted = items
    .filter((item) => cursor === undefined || keyOf(item) > cursor)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const page = sorted.slice(0, limit);
  const last = page.at(-1);
  return sorted.length > limit && last !== undefined ? { items: page, next: keyOf(last) } : { items: page };
}
