import type { RolloutView } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import { usageError } from "../../errors.ts";
import type { Define } from "../group.ts";
import { command, printOutcome } from "./obey.ts";
import { findRollout, WHICH } from "./which.ts";

/** How the API is asked to tick everything that is open. */
const EVERYTHING = "all";

/** `rampart rollout tick ROLLOUT [ITEM]` */
export const defineTick: Define = (rollout, bind) => {
  rollout
    .command("tick")
    .summary("say that an item of the checklist is done")
    .description(
      "Say that an item of the checklist, or a precondition that a person checks, is done. A part of its text is enough when only one item has it.",
    )
    .argument("<rollout>", WHICH)
    .argument("[item]", "the item's text, a part of it, or its id")
    .option("--all", "every open item that you may tick")
    .action(
      bind<readonly [name: string, item: string | undefined], { readonly all?: boolean }>(
        async (run, [name, item], { all }) => {
          if ((item === undefined) === (all !== true)) {
            throw usageError(
              "one item has to be named, or --all",
              'example: rampart rollout tick checkout "Logs kept"',
            );
          }
          const api = await run.api();
          const { id } = await findRollout(run, api, name);
          const named =
            item === undefined
              ? EVERYTHING
              : itemMeant(await api.request<RolloutView>({ path: paths.rolloutById(id) }), item);
          printOutcome(run, await command(api, id, "tick", { item: named }));
        },
      ),
    );
};

/** The id of the item that `text` means. Where none fits, the text itself: the server says so. Throws where several fit. */
function itemMeant({ checklist }: RolloutView, text: string): string {
  const exact = checklist.find((item) => item.id === text || item.text === text);
  if (exact !== undefined) return exact.id;
  const wanted = text.toLowerCase();
  const fitting = checklist.filter((item) => item.text.toLowerCase().includes(wanted));
  if (fitting.length > 1) {
    throw usageError(
      `${fitting.length} items have "${text}" in their text`,
      ...fitting.map((item) => `"${item.text}"`),
    );
  }
  return fitting[0]?.id ?? text;
}
