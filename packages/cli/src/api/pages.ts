import type { Page } from "@rampart/core";
import { CliError } from "../errors.ts";
import type { Api, Call } from "./types.ts";

/** With pages of 100 or more, beyond what a server holds. */
const PAGES_MAX = 1000;

/** All pages of a list in one page. */
export async function allPages<T>(api: Api, path: string, query: NonNullable<Call["query"]> = {}): Promise<Page<T>> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const page: Page<T> = await api.request<Page<T>>({ path, query: { ...query, cursor } });
    items.push(...page.items);
    if (page.next === undefined || page.next === cursor) return { items };
    cursor = page.next;
  }
  throw new CliError({ code: "TOO_MANY_PAGES", message: `the list at ${path} did not end after ${PAGES_MAX} pages` });
}
