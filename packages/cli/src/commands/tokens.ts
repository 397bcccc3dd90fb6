import type { CreatedToken, JsonObject, TokenKind, TokenView } from "@rampart/core";
import { Option } from "commander";
import { allPages } from "../api/pages.ts";
import { paths } from "../api/paths.ts";
import { usageError } from "../errors.ts";
import { parseDuration } from "../input/duration.ts";
import { collect } from "../input/pairs.ts";
import { ago, moment, orDash } from "../output/format.ts";
import { fields, table, type Cell } from "../output/table.ts";
import { styleFor } from "../output/style.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

interface CreateOptions {
  readonly kind: TokenKind;
  readonly role?: readonly string[];
  /** Milliseconds. */
  readonly expires?: number;
  readonly origin?: readonly string[];
  readonly secure?: boolean;
}

const KINDS: readonly TokenKind[] = ["admin", "operator", "viewer", "server", "client", "relay", "ci"];

const KINDS_HELP = `
Kinds:
  admin     everything, tokens too          server   an SDK in a service; one environment
  operator  flags, segments, ramps, kills   client   an SDK in a browser; one environment
  viewer    reads                           ci       ramps, from a pipeline
  relay     rampart relay; one environment
`;

/** `rampart tokens …` */
export const define: Define = (tokens, bind) => {
  tokens
    .command("list")
    .summary("every token, without its secret")
    .description("List tokens and SDK keys. The secrets themselves are shown once, when they are made.")
    .option("--all", "revoked and expired ones too")
    .action(
      bind<readonly [], { readonly all?: boolean }>(async (run, _args, { all }) => {
        const page = await allPages<TokenView>(await run.api(), paths.tokens);
        const items = all === true ? page.items : page.items.filter((token) => isAlive(token, run.io.now()));
        run.print({ ...page, items }, () => listText(run, items));
      }),
    );
  tokens
    .command("create <name>")
    .summary("make a token; it is shown this once")
    .description(
      "Make a token or SDK key. The token alone goes to stdout, so that it can be piped; it is never shown again.",
    )
    .addOption(new Option("--kind <kind>", "what it may do").choices(KINDS).makeOptionMandatory())
    .option("--role <role>", "a role of the person, such as engineering-lead; may be given more than once", collect)
    .option("--expires <time>", "how long it is good for, as 90d (default: until revoked)", parseDuration)
    .option(
      "--origin <url>",
      "of a client key: a site whose pages alone may use it; may be given more than once",
      collect,
    )
    .option("--secure", "of a client key: take only contexts that your own server signed")
    .addHelpText("after", KINDS_HELP)
    .action(
      bind<readonly [name: string], CreateOptions>(async (run, [name], options) => {
        const api = await run.api();
        const token = await api.request<CreatedToken>({
          method: "POST",
          path: paths.tokens,
          body: bodyOf(run, name, options),
        });
        run.print(token, () => `${token.token}\n`);
        if (!run.json) run.note(createdText(run, token));
      }),
    );
  tokens
    .command("revoke <id>")
    .summary("make a token worthless, now")
    .description("Revoke a token by its id. Streams that were opened with it are closed. Can be repeated.")
    .action(
      bind<readonly [id: string]>(async (run, [id]) => {
        const api = await run.api();
        const token = await api.request<TokenView | undefined>({ method: "DELETE", path: paths.token(id) });
        run.print(token ?? { id }, () => `revoked ${token?.name ?? id}\n`);
      }),
    );
};

/** A key of an SDK or a relay is good for one environment; a person's token for all, unless the command line names some. */
function bodyOf(run: Run, name: string, options: CreateOptions): JsonObject {
  const isKey = options.kind === "server" || options.kind === "client" || options.kind === "relay";
  const named = run.global.environment?.split(",").map((part) => part.trim());
  if (isKey && named !== undefined && named.length > 1) {
    throw usageError(
      `a ${options.kind} key is good for one environment, but ${named.length} were given`,
      "make one for each",
    );
  }
  return {
    kind: options.kind,
    name,
    environments: named ?? (isKey ? [run.environment] : ["*"]),
    ...(options.role === undefined ? {} : { roles: options.role }),
    ...(options.origin === undefined ? {} : { origins: options.origin }),
    ...(options.secure === undefined ? {} : { secure: options.secure }),
    ...(options.expires === undefined ? {} : { expiresAt: new Date(run.io.now() + options.expires).toISOString() }),
  };
}

function isAlive(token: TokenView, now: number): boolean {
  return token.revokedAt === undefined && (token.expiresAt === undefined || Date.parse(token.expiresAt) > now);
}

function listText(run: Run, tokens: readonly TokenView[]): string {
  const now = run.io.now();
  return table(
    [
      { title: "ID" },
      { title: "NAME", shrinkTo: 16 },
      { title: "KIND" },
      { title: "ENVIRONMENTS", shrinkTo: 10 },
      { title: "GOOD UNTIL" },
      { title: "LAST USED", optional: true },
      { title: "ROLES", shrinkTo: 6, optional: true },
      { title: "BEGINS WITH", optional: true },
    ],
    tokens.map((token) => [
      token.id,
      { text: token.name, paint: "bold" },
      token.kind,
      environmentsText(token),
      untilCell(token, now),
      token.lastUsedAt === undefined ? { text: "never", paint: "dim" } : ago(token.lastUsedAt, now),
      orDash(token.roles.join(" ")),
      { text: token.prefix, paint: "dim" },
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

function environmentsText(token: TokenView): string {
  return token.environments.includes("*") ? "all" : token.environments.join(" ");
}

function untilCell(token: TokenView, now: number): Cell {
  if (token.revokedAt !== undefined) return { text: `revoked ${ago(token.revokedAt, now)}`, paint: "red" };
  if (token.expiresAt === undefined) return { text: "no end", paint: "dim" };
  return Date.parse(token.expiresAt) <= now
    ? { text: `expired ${ago(token.expiresAt, now)}`, paint: "red" }
    : moment(token.expiresAt);
}

function createdText(run: Run, token: CreatedToken): string {
  const style = styleFor(run.io.stderr, run.io.env);
  const about = fields(
    [
      ["id", token.id],
      ["kind", token.kind],
      ["good for", environmentsText(token)],
      ["roles", token.roles.length === 0 ? undefined : token.roles.join(", ")],
      ["pages of", token.origins?.join(", ")],
      ["secret", token.secret],
      ["good until", token.expiresAt === undefined ? "it is revoked" : `${moment(token.expiresAt)} UTC`],
    ],
    style,
  );
  const shown =
    token.secret === undefined ? "the token is shown: keep it" : "the token and its secret are shown: keep them";
  return `${about}${style("yellow", `This is the only time ${shown} now.`)}`;
}
