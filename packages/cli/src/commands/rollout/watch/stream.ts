import type { RolloutEventView } from "@rampart/core";
import { createParser } from "eventsource-parser";
import { paths } from "../../../api/paths.ts";
import { CliError } from "../../../errors.ts";
import type { Run } from "../../../run.ts";

/** The server sends something more often than this, if only to be heard of. */
const SILENCE_MS = 30_000;
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 8000;
/** An event is a few hundred bytes. */
const EVENT_CHARACTERS_MAX = 1024 * 1024;

/** Gives every event of a rollout from its first on, each once and in order, until `signal` aborts. Lost connections are taken up again. */
export async function readEvents(
  run: Run,
  id: string,
  { onEvent, signal }: { readonly onEvent: (event: RolloutEventView) => void; readonly signal: AbortSignal },
): Promise<void> {
  const api = await run.api({ timeoutMs: SILENCE_MS });
  let last = 0;
  let pauseMs = RETRY_FIRST_MS;
  while (!signal.aborted) {
    const parser = createParser({
      maxBufferSize: EVENT_CHARACTERS_MAX,
      onEvent: ({ event: name, data }) => {
        const event = name === "record" ? parseEvent(data) : undefined;
        if (event === undefined || event.id <= last) return;
        last = event.id;
        onEvent(event);
      },
    });
    try {
      const call = { path: paths.rolloutEvents(id), accept: "text/event-stream", lastEventId: last, signal };
      for await (const text of api.stream(call)) {
        pauseMs = RETRY_FIRST_MS;
        parser.feed(text);
      }
    } catch (error) {
      // The polls beside it tell the user; here it only matters that there will be another try.
      if (!(error instanceof CliError)) throw error;
    }
    await run.io.sleep(pauseMs, signal);
    pauseMs = Math.min(RETRY_LAST_MS, pauseMs * 2);
  }
}

function parseEvent(data: string): RolloutEventView | undefined {
  try {
    const event = JSON.parse(data) as Partial<RolloutEventView> | null;
    return typeof event?.id === "number" && typeof event.event === "string" ? (event as RolloutEventView) : undefined;
  } catch {
    return undefined;
  }
}
