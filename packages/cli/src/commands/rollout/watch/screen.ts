import type { RolloutEventView, RolloutView } from "@rampart/core";
import { plural } from "../../../output/format.ts";
import { line } from "../../../output/lines.ts";
import { elapsed } from "../../../output/measure.ts";
import type { Run } from "../../../run.ts";
import { canvasFor } from "../view/canvas.ts";
import { statusLines } from "../view/status.ts";
import { follow } from "./follow.ts";

/** Control sequences (ECMA-48 and xterm's): each frame is painted over the one before, so nothing flickers. */
const ENTER = "\u001b[?1049h\u001b[?25l";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const FRAME_BEGIN = "\u001b[?2026h\u001b[H";
const FRAME_END = "\u001b[J\u001b[?2026l";
const LINE_END = "\u001b[K";

const QUIT_KEYS: ReadonlySet<string> = new Set(["q", "Q", "\u0003", "\u001b"]);
/** Events under the tree. */
const EVENTS_SHOWN = 6;
const ROWS_UNKNOWN = 24;

/** What is on the screen. */
interface Shown {
  readonly view?: RolloutView;
  /** When `view` was true, by this machine's clock. */
  readonly seenAt: number;
  readonly isLost: boolean;
  readonly events: readonly RolloutEventView[];
}

/** Shows a rollout as a live tree on a screen of its own until it is over or somebody quits, then leaves its last state behind. */
export async function watchOnScreen(run: Run, id: string): Promise<RolloutView | undefined> {
  const { io } = run;
  const stop = new AbortController();
  const quit = (): void => stop.abort();
  let shown: Shown = { seenAt: io.now(), isLost: false, events: [] };
  const show = (change: Partial<Shown>): void => {
    shown = { ...shown, ...change };
    io.stdout.write(frame(run, shown));
  };
  io.stdout.write(ENTER);
  const leave = io.attend({
    onKey: (key) => {
      if (QUIT_KEYS.has(key)) quit();
    },
    onResize: () => show({}),
    onInterrupt: quit,
  });
  try {
    return await follow(
      run,
      id,
      {
        onView: (view) => show({ view, seenAt: io.now(), isLost: false }),
        onLost: () => show({ isLost: true }),
        onEvent: (event) => {
          shown = { ...shown, events: [...shown.events, event].slice(-EVENTS_SHOWN) };
        },
      },
      stop.signal,
    );
  } finally {
    leave();
    io.stdout.write(LEAVE);
    if (shown.view !== undefined) io.stdout.write(`${treeOf(run, shown, shown.view).join("\n")}\n`);
  }
}

/** A whole screen: as much of the tree as fits, and a line at the bottom that says whether it is true. */
function frame(run: Run, shown: Shown): string {
  const rows = run.io.stdout.rows ?? ROWS_UNKNOWN;
  const tree = shown.view === undefined ? ["loading …"] : treeOf(run, shown, shown.view);
  const room = Math.max(1, rows - 2);
  const dense = tree.length <= room ? tree : tree.filter((text) => text !== "");
  const kept = dense.slice(0, room);
  const foot = footLine(run, shown, dense.length - kept.length);
  return FRAME_BEGIN + [...kept, "", foot].map((text) => text + LINE_END).join("\r\n") + FRAME_END;
}

function treeOf(run: Run, { events }: Shown, view: RolloutView): readonly string[] {
  return statusLines(view, canvasFor(run, view), events);
}

function footLine(run: Run, { isLost, seenAt, view }: Shown, hidden: number): string {
  const canvas = { style: run.style, columns: run.io.stdout.columns };
  const more = hidden === 0 ? "" : `${plural(hidden, "more line")} on a higher terminal · `;
  if (!isLost) return line(canvas, { text: `${more}live · q quits`, paint: "dim" });
  const since =
    view === undefined ? "nothing was seen yet" : `showing what was true ${elapsed(run.io.now() - seenAt)} ago`;
  return line(canvas, { text: `not connected: ${since} · trying again · q quits`, paint: "yellow" });
}
