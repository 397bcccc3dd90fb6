import { openApiDocument } from "../openapi.ts";
import type { HttpParts } from "../parts.ts";
import { CONTENT_SECURITY_POLICY, referencePage } from "../reference-page.ts";
import type { Route } from "../route.ts";
import { openRoute } from "../route.ts";

const TAG = "Reference";

/** How long a browser may keep what only a new version changes. */
const CACHE = { "cache-control": "public, max-age=300" };

/** The reference of all routes, its own included, for programs and for people. */
export function referenceRoutes({ version }: Pick<HttpParts, "version">, others: readonly Route[]): readonly Route[] {
  const own = [
    openRoute(
      "it is the same for every server of this version",
      {
        method: "get",
        path: "/openapi.json",
        tag: TAG,
        summary: "This reference for programs",
        lane: "open",
        answers: { 200: { description: "An OpenAPI 3.1 document", contentType: "application/json" } },
      },
      () => ({ status: 200, headers: { ...CACHE, "content-type": "application/json" }, body: texts().json }),
    ),
    openRoute(
      "it is the same for every server of this version",
      {
        method: "get",
        path: "/docs",
        tag: TAG,
        summary: "This reference for people",
        lane: "open",
        answers: { 200: { description: "A page that needs nothing from elsewhere", contentType: "text/html" } },
      },
      () => ({
        status: 200,
        headers: {
          ...CACHE,
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": CONTENT_SECURITY_POLICY,
        },
        body: texts().html,
      }),
    ),
  ];
  // Made when first asked for: a server that starts has something better to do.
  let made: { readonly json: Buffer; readonly html: Buffer } | undefined;
  const texts = (): NonNullable<typeof made> => {
    if (made === undefined) {
      const document = openApiDocument([...others, ...own], version);
      made = { json: Buffer.from(JSON.stringify(document)), html: Buffer.from(referencePage(document)) };
    }
    return made;
  };
  return own;
}
