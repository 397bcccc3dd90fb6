import type { Metric, MetricSource, Plan } from "../plan/types.ts";
import { SECRET_MARK, type Scrub } from "./scrub.ts";

/** Headers whose values are no secrets. */
const OPEN_HEADERS: ReadonlySet<string> = new Set([
  "accept",
  "accept-language",
  "content-type",
  "user-agent",
  "x-scope-orgid",
]);

/** Labels by which series are told apart everywhere. */
const OPEN_LABELS: ReadonlySet<string> = new Set(
  `__name__ action alertname alertstate app application area client cluster code cohort component container controller database datacenter dc deployment device
  endpoint env environment error event exported_job flag group grpc_method grpc_service handler host instance ingress job kind le level
  method mode name namespace node operation outcome path phase pod pool priority provider quantile queue reason region release replica result role
  route rule service severity shard slo source stage state status status_code statuscode stream system target team tenant tier topic type
  unit upstream uri url verb version workload zone`.split(/\s+/),
);

const LITERAL_LENGTH_MIN = 4;
const OPEN_VALUE_LENGTH_MAX = 80;

/** A run of letters and digits in turn as long as this is a key, not a name. */
const KEY_LIKE = /(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{20,}|[A-Fa-f0-9]{24,}/;

/** Matchers and arguments of PromQL, which are in quotes of either kind; `\\"` where the query itself is quoted in YAML or JSON. */
const MATCHER = /([A-Za-z_][\w]{0,80})(\s{0,3}(?:=~|!~|!=|=)\s{0,3})(\\?["'`])((?:(?!\3)[^\r\n]){0,4000}?)\3/g;

/** A query with the values of its labels left out, but for those that say which series are meant. */
export const scrubQuery: Scrub = (query) =>
  query.replaceAll(MATCHER, (whole, label: string, operator: string, quote: string, value: string) =>
    isOpenValue(label, value) ? whole : `${label}${operator}${quote}${SECRET_MARK}${quote}`,
  );

function isOpenValue(label: string, value: string): boolean {
  if (/^(?:[a-z]{0,24}|[\d.x|[\]*+-]{0,24})$/i.test(value)) return true;
  return OPEN_LABELS.has(label.toLowerCase()) && value.length <= OPEN_VALUE_LENGTH_MAX && !KEY_LIKE.test(value);
}

/** What is asked of a source, without headers, query strings, credentials and unusual labels: people paste tokens into all of them. */
export function queryText(source: MetricSource): string {
  switch (source.kind) {
    case "prometheus":
      return scrubQuery(source.query);
    case "http":
      return `${source.method} ${source.url.replace(/[?#].*$/s, "").replace(/\/\/[^/@]*@/, "//")}`;
    case "signal":
      return `signal ${source.signal}`;
    case "sdk":
      return `${source.measure} of ${source.metric ?? "the flag"}, cohort ${source.cohort}`;
  }
}

/** A plan's text without what may be a secret in it: literal header values, query strings of addresses, values of unusual labels. */
export function scrubPlanText(plan: Plan, text: string, scrub: Scrub): string {
  const literals = Object.values(plan.metrics)
    .flatMap(literalsOf)
    .filter((literal) => literal.length >= LITERAL_LENGTH_MIN)
    .toSorted((a, b) => b.length - a.length);
  return scrub(scrubQuery(literals.reduce((left, literal) => left.replaceAll(whole(literal), SECRET_MARK), text)));
}

/** A literal where it stands by itself: `prod` in a header leaves `production` alone. */
function whole(literal: string): RegExp {
  const escaped = literal.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  return new RegExp(String.raw`(?<![\w-])${escaped}(?![\w-])`, "g");
}

/** What the plan's author wrote where secrets belong, in place of a variable. */
function literalsOf({ source }: Metric): readonly string[] {
  switch (source.kind) {
    case "prometheus":
      return [...headerLiterals(source.headers), ...(source.url === undefined ? [] : addressLiterals(source.url))];
    case "http":
      return [...headerLiterals(source.headers), ...addressLiterals(source.url)];
    case "signal":
    case "sdk":
      return [];
  }
}

function headerLiterals(headers: { readonly [name: string]: string }): readonly string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    OPEN_HEADERS.has(name)
      ? []
      : value
          .split(/\$\{[^}]*\}/)
          .map((part) => part.trim().replace(/^(?:bearer|basic|digest|apikey|negotiate)(?:\s+|$)/i, "")),
  );
}

function addressLiterals(url: string): readonly string[] {
  const [, query = ""] = /\?([^#]*)/.exec(url) ?? [];
  return query.split("&").flatMap((pair) => {
    const value = pair.slice(pair.indexOf("=") + 1);
    return value.split(/\$\{[^}]*\}/);
  });
}
