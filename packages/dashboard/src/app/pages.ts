import type { ComponentType } from "preact";
import { OverviewPage } from "../pages/overview.tsx";
import { RolloutPage } from "../pages/rollout/page.tsx";
import { RolloutsPage } from "../pages/rollouts.tsx";
import { match } from "./router.ts";

/** What a page is given: the parameters of its address. */
export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
}

/** A page that is there, or one that is loaded when it is first gone to. */
export type Page =
  | { readonly kind: "here"; readonly component: ComponentType<PageProps> }
  | { readonly kind: "later"; readonly load: () => Promise<ComponentType<PageProps>> };

const here = (component: ComponentType<PageProps>): Page => ({ kind: "here", component });

/** Every address of the console, in the order in which they are tried; the server knows the same list. */
const PAGES: readonly (readonly [pattern: string, page: Page])[] = [
  ["/", here(OverviewPage)],
  ["/rollouts", here(RolloutsPage)],
  ["/rollouts/:id", here(RolloutPage)],
];

/** The page at a path; undefined where there is none. */
export function pageAt(path: string): { readonly page: Page; readonly params: PageProps["params"] } | undefined {
  for (const [pattern, page] of PAGES) {
    const params = match(pattern, path);
    if (params !== undefined) return { page, params };
  }
  return undefined;
}
