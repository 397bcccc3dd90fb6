import type { SignalResult } from "@rampart/core";
import { paths } from "../api/paths.ts";
import { usageError } from "../errors.ts";
import { percent, plural } from "../output/format.ts";
import { table } from "../output/table.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";
import { STATUS } from "./rollout/words.ts";

const EXAMPLES = `
Examples:
  rampart signal support_tickets 120                a number, for the metrics that stand for it
  rampart signal security_incident --flag checkout  an event, for the triggers on it
`;

/** `rampart signal` */
export const define: Define = (command, bind) => {
  command
    .description(
      "Tell rollouts a fact from outside: a number, or that something happened. Those whose plan knows the signal act on it at once; it holds until the next.",
    )
    .argument("<name>", "the signal's name in the plan")
    .argument("[value]", "a number in the unit of the metric; missing: the event alone")
    .option("--flag <key>", "only for the rollout on this flag; with --environment only in that environment")
    .addHelpText("after", EXAMPLES)
    .action(
      bind<readonly [name: string, value: string | undefined], { readonly flag?: string }>(
        async (run, [name, text], { flag }) => {
          const { environment } = run.global;
          const body = {
            name,
            ...(text === undefined ? {} : { value: parseValue(text) }),
            ...(environment === undefined ? {} : { environment }),
            ...(flag === undefined ? {} : { flag }),
          };
          const api = await run.api();
          const result = await api.request<SignalResult>({ method: "POST", path: paths.signals, body });
          run.print(result, () => (result.heard.length === 0 ? "" : heardText(run, result)));
          if (run.json) return;
          run.note(
            result.heard.length === 0
              ? `no rollout that is under way has a signal "${name}" in its plan`
              : `heard by ${plural(result.heard.length, "rollout")}`,
          );
        },
      ),
    );
};

/** A plain number: what `5%` is depends on the metric's unit, which only the plan knows. */
function parseValue(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw usageError(
    `"${text}" is not a number`,
    "a signal's value is a plain number in the unit of its metric: 0.05 for 5 % of a ratio, 0.5 for 500ms of seconds",
  );
}

function heardText(run: Run, { heard }: SignalResult): string {
  return table(
    [
      { title: "FLAG", shrinkTo: 12 },
      { title: "ENVIRONMENT" },
      { title: "STATUS" },
      { title: "AT", align: "right" },
      { title: "ID" },
    ],
    heard.map((one) => [
      { text: one.flag, paint: "bold" },
      one.environment,
      { text: STATUS[one.status].word, paint: STATUS[one.status].paint },
      percent(one.percentage),
      { text: one.id, paint: "dim" },
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}
