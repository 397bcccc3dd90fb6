import type { Clause, EvaluationsView, FlagConfigView, Serve } from "@rampart/core";
import type { Api } from "../../api/types.ts";
import { paths } from "../../api/paths.ts";
import { ago, count, percent, plural, span } from "../../output/format.ts";
import { fields } from "../../output/table.ts";
import { printable, truncate } from "../../output/text.ts";
import type { Run } from "../../run.ts";

/** More targets than this are counted, not named. */
const TARGETS_SHOWN_MAX = 10;

/** Prints a flag's configuration in the environment that the command line names, and what it gave in the last 24 hours. */
export async function configDetails(run: Run, api: Api, key: string): Promise<void> {
  const [config, evaluations, { actorName }] = await Promise.all([
    api.request<FlagConfigView>({ path: paths.config(run.environment, key) }),
    api.request<EvaluationsView>({ path: paths.evaluations(run.environment, key) }),
    // A kill is a command of this group, too: it does not wait for code that it has no use for.
    import("@rampart/core"),
  ]);
  const named = { ...config, updatedBy: actorName(config.updatedBy) };
  run.print({ ...config, evaluations }, () => configText(run, named, evaluations));
}

function configText(run: Run, config: FlagConfigView, evaluations: EvaluationsView): string {
  const now = run.io.now();
  const about = fields(
    [
      ["flag", { text: config.key, paint: "bold" }],
      ["environment", config.environment],
      [
        "state",
        config.enabled
          ? { text: "enabled", paint: "green" }
          : { text: `off: everybody gets ${config.offVariant}`, paint: "red" },
      ],
      ["otherwise", serveText(config.fallthrough)],
      ["off variant", config.offVariant],
      ["bucket by", `${config.bucketBy}, salt ${config.salt}`],
      [
        "prerequisites",
        config.prerequisites.map((one) => `${one.flag} serves ${one.variants.join(" or ")}`).join(", ") || undefined,
      ],
      ["seen by browsers", config.clientVisible ? "yes" : "no"],
      [
        "lease",
        config.leaseMs === undefined ? undefined : `${span(config.leaseMs)} without contact, then ${config.offVariant}`,
      ],
      ["revision", `${config.revision}, ${ago(config.updatedAt, now)} by ${config.updatedBy}`],
      [
        "last asked for",
        evaluations.lastEvaluatedAt === undefined ? "not in 30 d" : ago(evaluations.lastEvaluatedAt, now),
      ],
      ["in 24 h", givenText(evaluations)],
    ],
    run.style,
  );
  return [about, targetsText(run, config), rulesText(run, config)].filter((part) => part !== "").join("\n");
}

/** `on 1,204, off 96, the caller's default 3`. */
function givenText({ variants, defaults }: EvaluationsView): string | undefined {
  const given = Object.entries(variants).toSorted(([, a], [, b]) => b - a);
  const all = defaults === 0 ? given : [...given, ["the caller's default", defaults] as const];
  return all.map(([name, times]) => `${name} ${count(times)}`).join(", ") || undefined;
}

function targetsText(run: Run, config: FlagConfigView): string {
  const targets = Object.entries(config.targets);
  if (targets.length === 0) return "";
  const shown = targets.slice(0, TARGETS_SHOWN_MAX).map(([id, variant]) => line(run, `  ${id} gets ${variant}`));
  const rest = targets.length - shown.length;
  const more = rest === 0 ? [] : [`  and ${count(rest)} more; --json shows them all\n`];
  return [`${run.style("dim", plural(targets.length, "target"))}\n`, ...shown, ...more].join("");
}

function rulesText(run: Run, config: FlagConfigView): string {
  if (config.rules.length === 0) return "";
  const lines = config.rules.map((rule) => {
    const about = rule.description === undefined || rule.description === "" ? "" : ` (${rule.description})`;
    return line(
      run,
      `  ${rule.id}${about}: ${rule.clauses.map(clauseText).join(" and ")} gets ${serveText(rule.serve)}`,
    );
  });
  return [
    `${run.style("dim", `${plural(config.rules.length, "rule")}, the first that matches decides`)}\n`,
    ...lines,
  ].join("");
}

function line(run: Run, text: string): string {
  const clean = printable(text);
  return `${run.io.stdout.columns === undefined ? clean : truncate(clean, run.io.stdout.columns)}\n`;
}

/** `country not in ["de","at"]`. */
export function clauseText(clause: Clause): string {
  const not = clause.negate ? "not " : "";
  const values = clause.values.map((value) => JSON.stringify(value)).join(", ");
  return clause.op === "inSegment" ? `${not}in segment ${values}` : `${clause.attribute} ${not}${clause.op} ${values}`;
}

/** `25 %`, `variant blue`, `blue 50 %, red 50 %`. */
export function serveText(serve: Serve): string {
  if ("percentage" in serve) return `${percent(serve.percentage)} on`;
  if ("variant" in serve) return `variant ${serve.variant}`;
  return serve.split.map((share) => `${share.variant} ${percent(share.percentage)}`).join(", ");
}
