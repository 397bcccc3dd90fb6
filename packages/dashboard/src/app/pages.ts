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
import { match } from "./match.ts";
import type { PageProps } from "./page-props.ts";

/** A page that is there, or one that is loaded when it is first gone to. */
export type Page =
  | { readonly kind: "here"; readonly component: ComponentType<PageProps> }
  | { readonly kind: "later"; readonly load: () => Promise<ComponentType<PageProps>> };

/** What the window is called while a page is shown; undefined: the page says so itself. */
type Title = (params: PageProps["params"]) => string | undefined;

const here = (component: ComponentType<PageProps>): Page => ({ kind: "here", component });

/** Every address of the console, in the order in which they are tried; the server knows the same list. */
const PAGES: readonly (readonly [pattern: string, page: Page, title: Title])[] = [
  ["/", here(OverviewPage), () => "Overview"],
  ["/rollouts", here(RolloutsPage), () => "Rollouts"],
  ["/rollouts/:id", here(RolloutPage), () => undefined],
  ["/flags", here(FlagsPage), () => "Flags"],
  ["/flags/:key*", here(FlagPage), ({ key = "Flag" }) => key],
  ["/plans", here(PlansPage), () => "Plans"],
  [
    "/plans/:name",
    { kind: "later", load: async () => (await import("../pages/plan/page.tsx")).PlanPage },
    ({ name = "Plan" }) => (name === "new" ? "New plan" : name),
  ],
  ["/welcome", here(WelcomePage), () => "Welcome"],
  ["/segments", here(SegmentsPage), () => "Segments"],
  ["/clients", here(ClientsPage), () => "Clients"],
  ["/audit", here(AuditPage), () => "Audit"],
  ["/drills", here(DrillsPage), () => "Drills"],
  ["/channels", here(ChannelsPage), () => "Channels"],
  ["/tokens", here(TokensPage), () => "Tokens"],
];

/** A page that was found at a path. */
export interface Found {
  readonly page: Page;
  readonly params: PageProps["params"];
  readonly title: string | undefined;
}

/** The page at a path; undefined where there is none. */
export function pageAt(path: string): Found | undefined {
  for (const [pattern, page, title] of PAGES) {
    const params = match(pattern, path);
    if (params !== undefined) return { page, params, title: title(params) };
  }
  return undefined;
}
