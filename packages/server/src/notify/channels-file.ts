import { z } from "zod";
import { LineCounter, parseDocument } from "yaml";
import { fillTemplate, variablesOf } from "../domain/plan/grammar/template.ts";
import { LOG_CHANNEL } from "../domain/notify/route.ts";
import { parseTemplate } from "../domain/plan/grammar/placeholders.ts";
import { PAGERDUTY_URL } from "./pagerduty.ts";
import { STATUSPAGE_URL } from "./statuspage.ts";

/** Bytes of a channels file. */
export const CHANNELS_FILE_MAX = 256 * 1024;

/** Channels of a file, and as many that were made through the API. */
export const CHANNELS_MAX = 200;

const RECEIVERS_MAX = 50;
const SECRETS_MAX = 4;
const HEADERS_MAX = 8;
const TEXT_MAX = 2048;

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Standard Webhooks' secrets are 24 to 64 random bytes. */
const SECRET = /^whsec_(?=[A-Za-z0-9+/]{32,88}={0,2}$)[A-Za-z0-9+/]+={0,2}$/;

const text = z.string("needs a text").min(1, "is empty").max(TEXT_MAX, `is longer than ${TEXT_MAX} characters`);
const oneOrMany = (item: z.ZodString, max: number) =>
  z.preprocess(
    (value) => (typeof value === "string" ? [value] : value),
    z.array(item, "needs a text, or a list of them").min(1, "names none").max(max, `names more than ${max}`),
  );

const httpAddress = text.refine(
  (url) => hasScheme(url, ["http:", "https:"]) && !hasCredentials(url),
  "is no address like https://hooks.example/abc, or carries a password",
);
const smtpAddress = text.refine(
  (url) => hasScheme(url, ["smtp:", "smtps:"]) && new URL(url).hostname !== "" && !url.includes("?"),
  "is no address like smtp://user:password@mail.example:587 or smtps://mail.example",
);
const mailbox = text.regex(/^[^\r\n]*[^\s@]+@[^\s@]+$/, "is no mail address");
const secret = text.regex(SECRET, "is no secret like whsec_…, 24 to 64 random bytes in base64");
/** What ends up in a header must not begin another. */
const key = text.regex(/^[\x21-\x7e]+$/, "holds a space, a line break, or a letter beyond ASCII");

const header = text.regex(/^[\w-]+:[\x20-\x7e]*[\x21-\x7e]$/, "is no header like x-api-key: …");

/** What people read in place of the text that a message has by itself. */
const template = text
  .superRefine((value, context) => {
    const checked = parseTemplate(value);
    if (!checked.ok) context.addIssue({ code: "custom", message: `${checked.message}; ${checked.hint}` });
  })
  .optional();

const channel = z.discriminatedUnion(
  "type",
  [
    z.strictObject({ type: z.literal("log") }),
    z.strictObject({ type: z.literal("slack"), url: httpAddress, template }),
    z.strictObject({
      type: z.literal("pagerduty"),
      routingKey: key,
      url: httpAddress.default(PAGERDUTY_URL),
      template,
    }),
    z
      .strictObject({ type: z.literal("webhook"), url: httpAddress, secret: oneOrMany(secret, SECRETS_MAX), template })
      .transform(({ secret: secrets, ...rest }) => ({ ...rest, secrets })),
    z.strictObject({
      type: z.literal("statuspage"),
      page: key,
      apiKey: key,
      title: text.default("A recent change was taken back"),
      url: httpAddress.default(STATUSPAGE_URL),
    }),
    z.strictObject({
      type: z.literal("email"),
      url: smtpAddress,
      from: mailbox,
      to: oneOrMany(mailbox, RECEIVERS_MAX),
      template,
    }),
    z
      .strictObject({ type: z.literal("otlp"), url: httpAddress, header: oneOrMany(header, HEADERS_MAX).default([]) })
      .transform(({ header: headers, ...rest }) => ({ ...rest, headers })),
  ],
  "needs a type: log, slack, pagerduty, webhook, statuspage, email or otlp",
);

/** A channel as it was configured, with its secrets: never shown, logged or sent anywhere but to its receiver. */
export type ChannelSettings = z.output<typeof channel>;

/** One thing that is wrong. No value of the file or of a variable is in it. */
export interface ChannelsProblem {
  /** `line 3`, or `eng-slack.url`. */
  readonly where: string;
  readonly detail: string;
}

/** All channels, or everything that is wrong with them. */
export type ReadChannels =
  | { readonly ok: true; readonly channels: ReadonlyMap<string, ChannelSettings> }
  | { readonly ok: false; readonly problems: readonly ChannelsProblem[] };

/** Reads a channels file, YAML or JSON, with its `${VARS}`; everything that is wrong is told at once. */
export function readChannels(file: string, variables: (name: string) => string | undefined): ReadChannels {
  const lines = new LineCounter();
  const document = parseDocument(file, { lineCounter: lines });
  // The parser's own words quote the file.
  const broken = document.errors.map(({ code, pos }) => ({
    where: `line ${lines.linePos(pos[0]).line}`,
    detail: code === "DUPLICATE_KEY" ? "says the same twice" : "is no YAML here",
  }));
  if (broken.length > 0) return { ok: false, problems: broken };
  const content: unknown = document.toJS({ maxAliasCount: 10 });
  if (!isRecord(content))
    return { ok: false, problems: [{ where: "the file", detail: "must map names of channels to their settings" }] };
  const names = Object.keys(content);
  if (names.length > CHANNELS_MAX)
    return { ok: false, problems: [{ where: "the file", detail: `has more than ${CHANNELS_MAX} channels` }] };
  const read = names.map((name) => ({ name, ...readChannel(name, content[name], variables) }));
  const problems = read.flatMap((one) => (one.ok ? [] : one.problems));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, channels: new Map(read.flatMap((one) => (one.ok ? [[one.name, one.settings]] : []))) };
}

/** One channel's settings, or everything that is wrong with them. */
export type ReadChannel =
  | { readonly ok: true; readonly settings: ChannelSettings }
  | { readonly ok: false; readonly problems: readonly ChannelsProblem[] };

/** Reads the settings of one channel, with their `${VARS}`; everything that is wrong is told at once. */
export function readChannel(
  name: string,
  value: unknown,
  variables: (name: string) => string | undefined,
): ReadChannel {
  const problem = (where: string, detail: string): ReadChannel => ({ ok: false, problems: [{ where, detail }] });
  if (!NAME.test(name))
    return problem(JSON.stringify(name.slice(0, 64)), "is no name: use up to 64 letters, digits, dots, - and _");
  if (name === LOG_CHANNEL) return problem(name, "is the server's own log already; leave it out");
  if (!isRecord(value)) return problem(name, "needs a type and its settings");
  const problems: ChannelsProblem[] = [];
  const { template: own, ...rest } = value;
  const filled = fill(rest, name, (where, detail) => void problems.push({ where, detail }), variables);
  if (problems.length > 0) return { ok: false, problems };
  // No variable is put into a template: what is wrong with one is quoted.
  const parsed = channel.safeParse({ ...(filled as object), ...(own !== undefined && { template: own }) });
  if (parsed.success) return { ok: true, settings: parsed.data };
  return {
    ok: false,
    problems: parsed.error.issues.map((issue) => ({
      where: [name, ...issue.path.map(String)].join("."),
      detail: issue.message,
    })),
  };
}

/** Puts variables into every text of a value. */
function fill(
  value: unknown,
  where: string,
  complain: (where: string, detail: string) => void,
  variables: (name: string) => string | undefined,
): unknown {
  if (Array.isArray(value)) return value.map((one, index) => fill(one, `${where}.${index}`, complain, variables));
  if (isRecord(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [name, fill(one, `${where}.${name}`, complain, variables)]),
    );
  if (typeof value !== "string") return value;
  const names = variablesOf(value);
  if (!names.ok) {
    complain(where, `${names.message}; ${names.hint}`);
    return value;
  }
  for (const name of names.value) if (!variables(name)) complain(where, `\${${name}} is not set`);
  return fillTemplate(value, (name) => variables(name) ?? "");
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function hasScheme(url: string, schemes: readonly string[]): boolean {
  return URL.canParse(url) && schemes.includes(new URL(url).protocol);
}

function hasCredentials(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== "" || password !== "";
}
