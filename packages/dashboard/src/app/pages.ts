import type { ComponentType } from "preact";
import { AuditPage } from "../pages/audit.tsx";
import { ChannelsPage } from "../pages/channels.tsx";
import { ClientsPage } from "../pages/clients.tsx";
import { DrillsPage } from "../pages/drills.tsx";
import { FlagPage } from "../pages/flag/page.tsx";
import { FlagsPage } from "../pages/flags.tsx";
import { OverviewPage } from "../pages/overview.tsx";
import { PlansPage } from "../pages/plans.tsx";
import { RolloutPage } from "../pages/rollout/page.tsx";
import { RolloutsPage } from "../pages/rollouts.tsx";
import { SegmentsPage } from "../pages/segments.tsx";
import { TokensPage } from "../pages/tokens.tsx";
import { WelcomePage } from "../pages/welcome.tsx";
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
  ["/flags", here(FlagsPage)],
  ["/flags/:key*", here(FlagPage)],
  ["/plans", here(PlansPage)],
  ["/plans/:name", { kind: "later", load: async () => (await import("../pages/plan/page.tsx")).PlanPage }],
  ["/welcome", here(WelcomePage)],
  ["/segments", here(SegmentsPage)],
  ["/clients", here(ClientsPage)],
  ["/audit", here(AuditPage)],
  ["/drills", here(DrillsPage)],
  ["/channels", here(ChannelsPage)],
  ["/tokens", here(TokensPage)],
];

/** The page at a path; undefined where there is none. */
export function pageAt(path: string): { readonly page: Page; readonly params: PageProps["params"] } | undefined {
  for (const [pattern, page] of PAGES) {
    const params = match(pattern, path);
    if (params !== undefined) return { page, params };
  }
  return undefined;
}
