import type { IncomingMessage } from "node:http";
import { z } from "@hono/zod-openapi";
import { scopesOf } from "../../domain/tokens.ts";
import type { Authenticator } from "../authenticator.ts";
import { CONSOLE_CONTENT_SECURITY_POLICY, CONSOLE_PAGES, type ConsoleFile } from "../console-files.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf } from "../parts.ts";
import type { Principal } from "../principal.ts";
import { ProblemError, problemReply } from "../problem.ts";
import type { Reply } from "../reply.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { openBodyRoute, openRoute } from "../route.ts";
import { isSecure } from "../session.ts";

const TAG = "Console";

/** The kinds of tokens that people hold. */
const PEOPLE: ReadonlySet<string> = new Set(["admin", "operator", "viewer"]);

/** The web console: its files, and signing in to it. */
export function consoleRoutes(parts: HttpParts, authenticator: Authenticator): readonly Route[] {
  return [
    ...CONSOLE_PAGES.map((path) => pageRoute(parts, path)),
    fileRoute(parts, "/assets/{name}"),
    fileRoute(parts, "/favicon.svg"),
    signInRoute(parts, authenticator),
    whoRoute(parts, authenticator),
    signOutRoute(parts),
  ];
}

function pageRoute({ consoleFiles }: HttpParts, path: string): Route {
  return openRoute(
    "a page that shows nothing by itself: what it shows comes from the API, which asks for a session",
    {
      method: "get",
      path,
      tag: TAG,
      summary: "A page of the console",
      lane: "open",
      answers: { 200: { description: "The page", contentType: "text/html" } },
    },
    ({ incoming }) => {
      const page = consoleFiles.get("/index.html");
      if (page === undefined) return notBuilt();
      return fileReply(page, incoming, {
        "cache-control": "no-cache",
        "content-security-policy": CONSOLE_CONTENT_SECURITY_POLICY,
      });
    },
  );
}

function fileRoute({ consoleFiles }: HttpParts, path: string): Route {
  return openRoute(
    "the console's program, the same for everybody",
    {
      method: "get",
      path,
      tag: TAG,
      summary: "A file of the console",
      lane: "open",
      answers: { 200: { description: "The file" } },
      problems: ["ROUTE_NOT_FOUND"],
    },
    ({ incoming, params }) => {
      const { name } = params as { readonly name?: string };
      const file = consoleFiles.get(name === undefined ? path : `/assets/${name}`);
      if (file !== undefined) {
        // Names of assets hold a hash of what is in them.
        const age = name === undefined ? "public, max-age=3600" : "public, max-age=31536000, immutable";
        return fileReply(file, incoming, { "cache-control": age });
      }
      return problemReply({
        code: "ROUTE_NOT_FOUND",
        detail: "The console has no such file.",
        hint: "Reload the page: it may be from before an upgrade.",
      });
    },
  );
}

function fileReply(file: ConsoleFile, { headers }: IncomingMessage, more: { readonly [name: string]: string }): Reply {
  const zip = file.gzipped !== undefined && /\bgzip\b/.test(headers["accept-encoding"] ?? "");
  return {
    status: 200,
    headers: {
      "content-type": file.contentType,
      vary: "accept-encoding",
      ...(zip ? { "content-encoding": "gzip" } : {}),
      ...more,
    },
    body: zip ? (file.gzipped ?? file.body) : file.body,
  };
}

function notBuilt(): Reply {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Rampart</title><h1>The console was not built</h1><p>Run <code>npm run build</code> and start the server again. The API works: see <a href="/docs">/docs</a>.</p></html>`;
  return { status: 503, headers: { "content-type": "text/html; charset=utf-8" }, body };
}

function signInRoute({ store, sessions, clock, publicUrl }: HttpParts, authenticator: Authenticator): Route {
  return openBodyRoute(
    "whoever signs in shows a token in the body",
    {
      method: "post",
      path: "/console/session",
      tag: TAG,
      summary: "Sign in to the console",
      description: "Answers with a session cookie for the console's own page. It ends after a day, or with the token.",
      lane: "open",
      body: z.strictObject({ token: z.string().trim().max(200) }),
      answers: { 200: { description: "Who is signed in" } },
      problems: ["UNAUTHENTICATED", "FORBIDDEN"],
    },
    async ({ body, incoming }) => {
      const principal = await authenticator.authenticateText(body.token);
      if (!PEOPLE.has(principal.kind)) {
        throw new ProblemError({
          code: "FORBIDDEN",
          detail: `A token of the kind ${principal.kind} is for programs.`,
          hint: "Sign in with an admin, operator or viewer token.",
        });
      }
      const record = await store.token(principal.tokenId);
      const cookie = sessions.open(principal.tokenId, {
        secure: isSecure(incoming, publicUrl),
        ...(record?.expiresAt === undefined ? {} : { tokenExpiresAt: record.expiresAt }),
      });
      await store.appendAudit(
        { target: `token/${principal.tokenId}` },
        metaOf({ clock }, principal, { action: "console.signedIn" }),
      );
      return json(200, viewOf(principal), { "set-cookie": cookie });
    },
  );
}

function whoRoute({ dev }: HttpParts, authenticator: Authenticator): Route {
  return openRoute(
    "says only who the caller is",
    {
      method: "get",
      path: "/console/session",
      tag: TAG,
      summary: "Who is signed in?",
      lane: "open",
      answers: { 200: { description: "Who is signed in" } },
      problems: ["UNAUTHENTICATED"],
    },
    async ({ incoming }) => json(200, { ...viewOf(await authenticator.authenticate(incoming)), dev }),
  );
}

function signOutRoute({ sessions, publicUrl }: HttpParts): Route {
  return openRoute(
    "ends only the session of the browser that asks",
    {
      method: "delete",
      path: "/console/session",
      tag: TAG,
      summary: "Sign out of the console",
      lane: "open",
      answers: { 204: { description: "Signed out" } },
    },
    ({ incoming }) => {
      // Another site's page may not sign anybody out either.
      sessions.tokenId(incoming);
      return { status: 204, headers: { "set-cookie": sessions.close(isSecure(incoming, publicUrl)) } };
    },
  );
}

function viewOf({ actor, kind, environments, roles }: Principal): object {
  return { actor, kind, environments, roles, scopes: [...scopesOf(kind)] };
}
