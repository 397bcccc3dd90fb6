import type { RolloutCommand, RolloutCommandAnswer, RolloutCommandBodies, RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import type { Api } from "../../api/types.ts";
import { CliError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";
import type { Run } from "../../run.ts";
import { hintLines } from "./view/hints.ts";
import type { Patience } from "./which.ts";
import { STATUS, whereText } from "./words.ts";

/** Gives a rollout a command. A refusal says, besides the server's reason, where the rollout is and what it takes now. */
export async function command<C extends RolloutCommand>(
  api: Api,
  id: string,
  name: C,
  body: RolloutCommandBodies[C],
  patience: Patience = {},
): Promise<RolloutCommandAnswer<C>> {
  try {
    return await api.request<RolloutCommandAnswer<C>>({
      method: "POST",
      path: paths.rolloutCommand(id, name),
      body: { ...body },
      ...patience,
    });
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.conflict) throw error;
    throw await withWayOut(api, id, error);
  }
}

async function withWayOut(api: Api, id: string, error: CliError): Promise<CliError> {
  const view = await api.request<RolloutView>({ path: paths.rolloutById(id) }).catch(() => undefined);
  if (view === undefined) return error;
  const open = view.checklist.filter((item) => item.ticked === undefined).map((item) => `open: "${item.text}"`);
  return new CliError({
    code: error.code,
    message: error.message,
    lines: [...error.lines, ...(error.code === "ITEM_UNKNOWN" ? open : []), view.sentence, ...possibleNow(view)],
    exitCode: error.exitCode,
    cause: error,
    ...(error.problem === undefined ? {} : { problem: error.problem }),
  });
}

function possibleNow(view: RolloutView): readonly string[] {
  const hints = hintLines(view);
  return hints.length === 0
    ? ["no command is possible any more"]
    : ["possible now:", ...hints.map((hint) => `  ${hint}`)];
}

/** Prints where a rollout is after a command: `checkout in production: paused at 25 %`, then the sentence. */
export function printOutcome(run: Run, view: RolloutView): void {
  run.print(view, () => {
    const { word, paint } = STATUS[view.status];
    const head = `${run.style("bold", whereText(view))}: ${run.style(paint, word)} at ${view.percentage} %`;
    return `${head}\n${view.sentence}\n`;
  });
}
