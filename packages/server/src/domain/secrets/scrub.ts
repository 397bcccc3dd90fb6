/** Takes what is, or looks like, a secret out of a text, and leaves the rest as it is. */
export type Scrub = (text: string) => string;

/** What stands where a secret was. */
export const SECRET_MARK = "[secret]";

/** Shorter values would turn up by chance in any text. */
const KNOWN_LENGTH_MIN = 6;

/** `production` is in many a variable, and in every text. */
const PLAIN_WORD = /^[a-z]{1,16}$/i;

/** More than the variables that plans can use of any real environment; the longest unused goes first. */
const KNOWN_MAX = 2000;

/** Names that fields and labels with secrets have. `tokenId` and the like are not among them. */
const NAMED = String.raw`\b[\w.-]{0,40}(?:passw(?:or)?d|secret|token(?!_?id|s?\b["']?\s*:\s*[0-9a-f]{12}\b)|api[_-]?key|access[_-]?key|private[_-]?key|authorization|credential|cookie|signature)[\w.-]{0,40}`;
const SAYS = String.raw`\\?["']?\s{0,3}(?:=~|!~|!=|[:=](?!=))\s{0,3}`;
const SCHEME = String.raw`(?:bearer|basic|apikey|negotiate)`;

/** In this order: what an earlier one took out, a later one doesn't see. None takes more than linear time. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{1,40}-----[^-]{1,20000}-----END [A-Z ]{1,40}-----/g, SECRET_MARK],
  [/rmp_(admin|operator|viewer|server|client|ci)_([a-z0-9-]{1,32})_[\w-]{4,}/g, `rmp_$1_$2_${SECRET_MARK}`],
  // A user and a password in front of a host, and whatever stands in a query string: people paste tokens into both.
  [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@"'<>\\]{1,500}@/gi, `$1${SECRET_MARK}@`],
  [
    /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s?#"'<>\\]{1,2000}\?)(?!\[secret\](?![\w&]))(?:\[secret\]|[^\s"'<>#)\]}\\]){1,4000}/gi,
    `$1${SECRET_MARK}`,
  ],
  [new RegExp(String.raw`\b(${SCHEME})(\s{1,3})(?!\$\{|\[secret\])[\w.~+/=:-]{6,}`, "gi"), `$1$2${SECRET_MARK}`],
  [/\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, SECRET_MARK],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, SECRET_MARK],
  [/\b(?:gh[pousr]_|github_pat_|xox[abprs]-|sk_live_|rk_live_|glpat-|npm_|AIza|hvs\.)[\w-]{10,}/g, SECRET_MARK],
  [
    new RegExp(
      String.raw`(${NAMED}${SAYS})(\\?["'])(?!(?:${SCHEME}\s+)?\$\{[A-Z0-9_]*\}\2)(?:(?!\2)(?:[^\r\n\\]|\\.)){1,4000}\2`,
      "gi",
    ),
    `$1$2${SECRET_MARK}$2`,
  ],
  [
    new RegExp(String.raw`(${NAMED}${SAYS})(?!["'\[{\\]|\$\{|${SCHEME}\s)[^\s"',;&)\]}\\]{3,}`, "gi"),
    `$1${SECRET_MARK}`,
  ],
];

/** Takes out what looks like a secret by its form: tokens, keys, passwords in addresses, values of fields that are named like secrets. */
export const scrubPatterns: Scrub = (text) =>
  PATTERNS.reduce((scrubbed, [pattern, mark]) => scrubbed.replaceAll(pattern, mark), text);

/** The secrets that the server itself filled in somewhere: the values of the variables that plans use. */
export class KnownSecrets {
  readonly #names = new Map<string, string>();
  #pattern: RegExp | undefined;

  /** `value` is what `name` stands for. From now on it is taken out of every text, also where it stands in an address or is quoted. */
  note(name: string, value: string): void {
    if (value.length < KNOWN_LENGTH_MIN || PLAIN_WORD.test(value) || this.#names.get(value) === name) return;
    for (const form of formsOf(value)) this.#names.set(form, name);
    for (const [oldest] of this.#names) {
      if (this.#names.size <= KNOWN_MAX) break;
      this.#names.delete(oldest);
    }
    this.#pattern = undefined;
  }

  /** Known values become their names, and what looks like a secret is taken out. */
  readonly scrub: Scrub = (text) => {
    if (this.#names.size === 0) return scrubPatterns(text);
    this.#pattern ??= anyOf([...this.#names.keys()]);
    return scrubPatterns(text.replaceAll(this.#pattern, (value) => `\${${this.#names.get(value) ?? ""}}`));
  };
}

function formsOf(value: string): readonly string[] {
  const quoted = JSON.stringify(value).slice(1, -1);
  return [
    ...new Set([
      value,
      quoted,
      encodeURIComponent(value.replaceAll(/\p{Surrogate}/gu, "\ufffd")),
      quoted.replaceAll("/", String.raw`\/`),
    ]),
  ];
}

/** The longest first, so that a value that begins like another is taken whole. */
function anyOf(texts: readonly string[]): RegExp {
  const escaped = texts
    .toSorted((a, b) => b.length - a.length)
    .map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  return new RegExp(escaped.join("|"), "g");
}
