import type { RolloutEventView, RolloutView } from "@rampart/core";
import { allPages } from "../../../api/pages.ts";
import { paths } from "../../../api/paths.ts";
import { moment } from "../../../output/format.ts";
import { printable } from "../../../output/text.ts";
import type { Run } from "../../../run.ts";
import { eventText, STATUS } from "../words.ts";
import { follow } from "./follow.ts";

/** Prints a rollout's whole story, a line an event, from its beginning until it is over or the reader has gone. */
export async function watchAsLog(run: Run, id: string): Promise<RolloutView | undefined> {
  const stop = new AbortController();
  let last = 0;
  let isLost = false;
  const print = (event: RolloutEventView): void => {
    if (event.id <= last) return;
    last = event.id;
    const text = run.json ? JSON.stringify(event) : eventLine(event);
    if (!run.io.stdout.write(`${text}\n`)) stop.abort();
  };
  const view = await follow(
    run,
    id,
    {
      onEvent: print,
      onView: () => {
        if (isLost) run.note("connected again");
        isLost = false;
      },
      onLost: (error) => {
        if (!isLost) run.note(`not connected: ${error.message}; trying again`);
        isLost = true;
      },
    },
    stop.signal,
  );
  // What ended it may still be on its way in the stream.
  const story = await allPages<RolloutEventView>(await run.api(), paths.rolloutEvents(id));
  for (const event of story.items) print(event);
  if (view !== undefined && !run.json) run.note(view.sentence);
  return view;
}

/** `2026-01-05 02:00:00  running  25 %  quarter  stage opened: window 02:00–04:00 UTC`. */
function eventLine(event: RolloutEventView): string {
  const parts = [
    moment(event.at),
    STATUS[event.state].word,
    `${event.percentage} %`,
    ...(event.stage === null ? [] : [event.stage]),
    eventText(event),
  ];
  return printable(parts.join("  "));
}
