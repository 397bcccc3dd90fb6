import { signal } from "@preact/signals";
import type { UnstoredKill } from "@rampart/core";
import { failureOf } from "../api/problem.ts";

const SHOWN_MS = 6_000;
const TOASTS_MAX = 4;

interface Toast {
  readonly id: number;
  readonly tone: "good" | "warn" | "bad";
  readonly text: string;
  readonly undo?: () => void;
}

const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Says what was done, for some seconds. `undo`: takes it back. */
export function say(text: string, options: { readonly undo?: () => void } = {}): void {
  add({ tone: "good", text, ...options });
}

/** Says what was not done, and why. `undone`: what is as it was, where that has to be known. */
export function complain(thrown: unknown, undone = ""): void {
  const { detail, hint = "" } = failureOf(thrown);
  add({ tone: "bad", text: `${undone} ${detail} ${hint}`.trim() });
}

/** Says `done` when what was begun succeeds, and why not when it doesn't. `undone`: what is as it was then. */
export function attempt<T>(
  begun: Promise<T>,
  done: string | ((answer: T) => string),
  { undone, ...options }: { readonly undo?: () => void; readonly undone?: string } = {},
): void {
  void (async () => {
    try {
      const answer = await begun;
      const text = typeof done === "string" ? done : done(answer);
      add({ tone: isUnstored(answer) ? "warn" : "good", text, ...options });
    } catch (thrown) {
      complain(thrown, undone);
    }
  })();
}

/** What is said of a kill or a rollback: `done`, or what clients were told while nothing can be stored. */
export function taken(what: string, done: string): (answer: object) => string {
  return (answer) => (isUnstored(answer) ? `${what}: ${answer.unstored.detail}` : done);
}

const isUnstored = (answer: unknown): answer is UnstoredKill =>
  typeof answer === "object" && answer !== null && "unstored" in answer;

function add(toast: Omit<Toast, "id">): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value, { id, ...toast }].slice(-TOASTS_MAX);
  setTimeout(() => drop(id), toast.tone === "good" ? SHOWN_MS : SHOWN_MS * 2);
}

function drop(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Where it is said; once in the page. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text, undo }) => (
        <div class={`toast toast-${tone} row-between`} key={id}>
          <span class="grow">{text}</span>
          {undo === undefined ? null : (
            <button
              type="button"
              class="button button-small"
              onClick={() => {
                drop(id);
                undo();
              }}
            >
              Undo
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
