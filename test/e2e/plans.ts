import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { parsePlan, parseScenario } from "../../packages/server/src/plan.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type Mapping = { readonly [key: string]: Json };

const { parse } = createRequire(new URL("../../packages/server/package.json", import.meta.url))("yaml") as {
  readonly parse: (text: string) => Json;
};
const exampleText = (path: string): string => readFileSync(new URL(`../../examples/${path}`, import.meta.url), "utf8");

/** What metrics say, by name, in the metric's unit. */
type Values = Readonly<Record<string, number>>;

/** An example plan with its times in seconds, and what its scenarios say of its metrics. */
export interface ShortPlan {
  readonly document: string;
  readonly flag: string;
  readonly roles: readonly string[];
  /** Signals of the plan. */
  readonly signals: readonly string[];
  /** When all is well at the end, and when it breaches. */
  readonly well: Values;
  readonly breached: Values;
}

/** How long what takes hours takes here. A sampling is taken each second. */
const TIMES: Readonly<Record<string, string>> = {
  duration: "3s",
  timeout: "90s",
  for: "1s",
  window: "2s",
  every: "2s",
};

/**
 * Shortens a plan: every time to seconds, a window that is always open, metrics that are asked of `provider`, and no drill before it.
 * Stages, percentages, thresholds, approvals, checklists, notifications and escalations stay as they are. `name` marks the copy.
 */
export function shortPlan(file: string, name: string, provider: Provider): ShortPlan {
  const text = exampleText(`plans/${file}.yaml`);
  const document = parse(text) as { readonly metadata: Mapping; readonly spec: Mapping };
  const { window: _window, traffic: _traffic, ...spec } = document.spec;
  const flag = `${text.match(/^  flag: (\S+)/m)?.[1] ?? file}-${name}`;
  const metrics = Object.entries(spec["metrics"] as { readonly [name: string]: Mapping });
  const preconditions = (spec["preconditions"] as readonly Mapping[]).filter((one) => !("drill" in one));
  const short = {
    ...document,
    spec: {
      ...(shortened(spec, "") as Mapping),
      flag,
      interval: "1s",
      prometheus: { url: provider.url(flag) },
      metrics: Object.fromEntries(metrics.map(([key, metric]) => [key, metricOf(key, metric, provider.url(flag))])),
      preconditions: shortened(preconditions, "criteria"),
    },
  };
  provider.serve(flag, queriesOf(metrics, spec));
  const [well, breached] = ["happy", "breach"].map((which) => scenarioValues(text, `${file}.${which}.yaml`));
  return {
    document: JSON.stringify(short),
    flag,
    roles: rolesOf(text),
    signals: metrics.flatMap(([, { signal }]) => (typeof signal === "string" ? [signal] : [])),
    well: well?.last ?? {},
    breached: { ...well?.last, ...breached?.worst },
  };
}

function shortened(value: Json, key: string): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((one) => shortened(one, key));
  if (typeof value === "string" && key === "criteria") return { require: value, for: "1s" };
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value as Mapping).map(([name, inner]): readonly [string, Json] => {
    if (name === "verify") return [name, { ...(shortened(inner, name) as Mapping), within: "60s" }];
    return [name, typeof inner === "string" ? (TIMES[name] ?? shortened(inner, name)) : shortened(inner, name)];
  });
  const isCondition = key === "criteria" && "require" in value;
  return { ...Object.fromEntries(entries), ...(isCondition && { for: "1s" }) };
}

function metricOf(name: string, metric: Mapping, url: string): Json {
  if (!("http" in metric)) return metric;
  return { ...metric, http: { url: `${url}/check/${name}`, expect: { status: 200 }, window: "2s" } };
}

/** The metric or trigger that each query belongs to. */
function queriesOf(metrics: readonly (readonly [string, Mapping])[], spec: Mapping): ReadonlyMap<string, string> {
  const asked = metrics.flatMap(([name, { prometheus }]): readonly (readonly [string, string])[] => {
    const query = typeof prometheus === "string" ? prometheus : (prometheus as Mapping | undefined)?.["query"];
    return typeof query === "string" ? [[query, name]] : [];
  });
  const lists = [spec, ...(spec["stages"] as readonly Mapping[])].flatMap((one) => one["triggers"] ?? []);
  const fired = (lists as readonly Mapping[]).flatMap(({ name, promql }): readonly (readonly [string, string])[] =>
    typeof promql === "string" && typeof name === "string" ? [[promql, name]] : [],
  );
  return new Map([...fired, ...asked]);
}

function rolesOf(text: string): readonly string[] {
  const parsed = parsePlan(text);
  if (!parsed.ok) throw new Error("an example plan can't be read");
  return [...new Set(parsed.plan.stages.flatMap(({ approvals }) => approvals.map(({ role }) => role)))];
}

function scenarioValues(plan: string, file: string): { readonly last: Values; readonly worst: Values } {
  const parsed = parsePlan(plan);
  if (!parsed.ok) throw new Error("an example plan can't be read");
  const read = parseScenario(exampleText(`scenarios/${file}`), parsed.plan);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const at = (which: (length: number) => number): Values =>
    Object.fromEntries(
      Object.entries(read.scenario.metrics).flatMap(([name, changes]) => {
        const change = changes[which(changes.length)];
        return change?.sample.kind === "value" ? [[name, change.sample.value]] : [];
      }),
    );
  const worst = Object.entries(read.scenario.metrics).filter(([, changes]) => changes.length > 1);
  const second = at(() => 1);
  return {
    last: at((length) => length - 1),
    worst: Object.fromEntries(worst.flatMap(([name]) => (name in second ? [[name, second[name] ?? 0]] : []))),
  };
}

/** Stands for the Prometheus and the health endpoints of many plans: each has a path of its own. */
export class Provider {
  readonly #server: Server;
  readonly #queries = new Map<string, ReadonlyMap<string, string>>();
  readonly #values = new Map<string, Values>();

  private constructor(server: Server) {
    this.#server = server;
    server.on("request", (request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const url = new URL(request.url ?? "/", "http://provider");
        const { status, text } = this.#answer(url, new URLSearchParams(body === "" ? url.search : body));
        response.writeHead(status, { "content-type": "application/json" }).end(text);
      });
    });
  }

  static async start(): Promise<Provider> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Provider(server);
  }

  url(flag: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${encodeURIComponent(flag)}`;
  }

  serve(flag: string, queries: ReadonlyMap<string, string>): void {
    this.#queries.set(flag, queries);
  }

  say(flag: string, values: Values): void {
    this.#values.set(flag, values);
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(url: URL, params: URLSearchParams): { readonly status: number; readonly text: string } {
    const [, flag = "", kind, name = ""] = url.pathname.split("/").map(decodeURIComponent);
    const values = this.#values.get(flag) ?? {};
    if (kind === "check") return { status: (values[name] ?? 1) < 1 ? 503 : 200, text: "{}" };
    const value = values[this.#asked(flag, params.get("query") ?? "")] ?? 0;
    const isRange = url.pathname.endsWith("query_range");
    const point = [Number(params.get(isRange ? "start" : "time") ?? Date.now() / 1000), String(value)];
    const series = { metric: {}, ...(isRange ? { values: [point] } : { value: point }) };
    const data = { resultType: isRange ? "matrix" : "vector", result: [series] };
    return { status: 200, text: JSON.stringify({ status: "success", data }) };
  }

  /** The metric that is asked for, or the trigger: the server asks whether its expression gives anything. */
  #asked(flag: string, query: string): string {
    const known = this.#queries.get(flag) ?? new Map<string, string>();
    const within = [...known].find(([expression]) => query.includes(expression));
    return known.get(query) ?? within?.[1] ?? "";
  }
}
