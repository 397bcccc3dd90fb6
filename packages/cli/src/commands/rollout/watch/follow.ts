import type { RolloutEventView, RolloutView } from "@rampart/core";
import { paths } from "../../../api/paths.ts";
import type { CliError } from "../../../errors.ts";
import type { Run } from "../../../run.ts";
import { isPassing } from "../await-goal.ts";
import { isOver } from "../words.ts";
import { readEvents } from "./stream.ts";

const POLL_EVERY_MS = 1000;
/** Short, so that a server that is away is soon seen to be. */
const POLL_TIMEOUT_MS = 3000;

/** What somebody who follows a rollout is told. */
export interface Follower {
  readonly onView: (view: RolloutView) => void;
  /** Each event once, in order, from the first on. */
  readonly onEvent: (event: RolloutEventView) => void;
  /** The server can't be reached; told again with every try. */
  readonly onLost: (error: CliError) => void;
}

/**
 * Follows a rollout by its event stream, and by a look each second and with every event, until it is over or `signal` aborts. Gives
 * the last view. Survives a server that goes away and comes back; rejects when the rollout can't be read for another reason.
 */
export async function follow(
  run: Run,
  id: string,
  follower: Follower,
  signal: AbortSignal,
): Promise<RolloutView | undefined> {
  const api = await run.api({ timeoutMs: run.global.requestTimeout ?? POLL_TIMEOUT_MS });
  const alarm = createAlarm(run);
  const done = new AbortController();
  const end = (): void => {
    done.abort();
    alarm.ring();
  };
  signal.addEventListener("abort", end);
  const reading = readEvents(run, id, {
    signal: done.signal,
    onEvent: (event) => {
      follower.onEvent(event);
      alarm.ring();
    },
  });
  let view: RolloutView | undefined;
  try {
    while (!signal.aborted) {
      try {
        view = await api.request<RolloutView>({ path: paths.rolloutById(id) });
        follower.onView(view);
      } catch (error) {
        if (!isPassing(error)) throw error;
        follower.onLost(error);
      }
      if (view !== undefined && isOver(view.status)) break;
      await alarm.wait(POLL_EVERY_MS);
    }
    return view;
  } finally {
    signal.removeEventListener("abort", end);
    done.abort();
    await reading;
  }
}

/** A pause that can be cut short, also just before it begins: no ring is lost. */
function createAlarm(run: Run) {
  let controller = new AbortController();
  return {
    ring: (): void => controller.abort(),
    async wait(ms: number): Promise<void> {
      if (!controller.signal.aborted) await run.io.sleep(ms, controller.signal);
      controller = new AbortController();
    },
  };
}
