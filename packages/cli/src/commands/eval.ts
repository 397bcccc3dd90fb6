import type { ExplainedEvaluation, JsonObject } from "@rampart/core";
import { paths } from "../api/paths.ts";
import { EXIT } from "../exit.ts";
import { parseJsonObject } from "../input/json.ts";
import { collect, parsePairs } from "../input/pairs.ts";
import { count } from "../output/format.ts";
import { fields, type Cell } from "../output/table.ts";
import { pad, printable, widthOf } from "../output/text.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";

interface EvalOptions {
  readonly attr?: readonly string[];
  readonly context?: string;
}

const BUCKETS = 100_000;

const EXAMPLES = `
Examples:
  rampart eval new_checkout user-42
  rampart eval new_checkout user-42 --attr country=de --attr age=42 --attr 'zip="04109"'
  rampart eval new_checkout user-42 --context '{"address":{"country":"de"}}' --json

A value is a number or true, false where it reads as one, else text; JSON quotes make it text.
`;

/** `rampart eval FLAG USER` */
export const define: Define = (command, bind) => {
  command
    .argument("<flag>")
    .argument("<user>", "the id that is hashed: the targeting key")
    .option("--attr <name=value>", "an attribute; may be given more than once", collect)
    .option("--context <json>", "attributes as a JSON object")
    .description("Evaluate a flag for one user as the server does, and say which rule or which bucket decided.")
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [flag: string, user: string], EvalOptions>(async (run, [flag, user], options) => {
        const context = contextOf(user, options);
        const api = await run.api();
        const answer = await api.request<ExplainedEvaluation>({
          method: "POST",
          path: paths.evaluate(run.environment),
          body: { flag, context },
        });
        run.print(answer, () => explanation(run, user, context, answer));
        if (answer.errorCode === "FLAG_NOT_FOUND") return EXIT.notFound;
        return answer.errorCode === undefined ? EXIT.ok : EXIT.failure;
      }),
    );
};

function contextOf(user: string, options: EvalOptions): JsonObject {
  const given = options.context === undefined ? {} : parseJsonObject("--context", options.context);
  return { ...given, ...parsePairs("--attr", options.attr ?? []), targetingKey: user };
}

function explanation(run: Run, user: string, context: JsonObject, answer: ExplainedEvaluation): string {
  const value = JSON.stringify(answer.value);
  const served: Cell = {
    text: answer.variant === undefined ? value : `${answer.variant} (${value})`,
    paint: answer.value === false ? "dim" : "green",
  };
  const attributes = Object.keys(context).length > 1 ? JSON.stringify(context) : undefined;
  const about = fields(
    [
      ["flag", { text: answer.flagKey, paint: "bold" }],
      ["environment", run.environment],
      ["user", user],
      ["context", attributes],
      ["gets", served],
      ["reason", answer.reason],
      [
        "error",
        answer.errorCode === undefined
          ? undefined
          : { text: `${answer.errorCode}: ${answer.errorMessage ?? ""}`, paint: "red" },
      ],
      ["rule", answer.ruleId],
      [
        "bucket",
        answer.bucket === undefined
          ? undefined
          : `${count(answer.bucket)} of ${count(BUCKETS)}: in from ${bucketPercentage(answer.bucket)} % on`,
      ],
      ["revision", String(answer.revision)],
    ],
    run.style,
  );
  return answer.steps.length === 0 ? about : `${about}\n${stepsText(run, answer)}`;
}

/** The lowest percentage, in steps of a thousandth, whose cohort the bucket is in. */
export function bucketPercentage(bucket: number): number {
  return (bucket + 1) / (BUCKETS / 100);
}

function stepsText(run: Run, answer: ExplainedEvaluation): string {
  const steps = answer.steps.map(({ step, outcome }) => ({ step: printable(step), outcome: printable(outcome) }));
  const width = Math.max(...steps.map(({ step }) => widthOf(step)));
  return steps
    .map(({ step, outcome }, index) => {
      const decided = index === steps.length - 1;
      return `${decided ? "→" : " "} ${pad(step, width)}  ${run.style(decided ? "bold" : "dim", outcome)}\n`;
    })
    .join("");
}
