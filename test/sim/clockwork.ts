import { createHash } from "node:crypto";

interface Due {
  readonly atMs: number;
  readonly place: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Lines of the trace that are kept to be shown; all of them go into the hash. */
const KEPT_LINES_MAX = 400;

/** A world in which more happens does not come to rest. */
const STEPS_MAX = 20_000;

/** The only time there is: what is due happens one after the other, in an order that the seed alone decides. */
export class Clockwork {
  nowMs = 0;
  /** How much has happened. */
  steps = 0;
  readonly #heap: Due[] = [];
  readonly #hash = createHash("sha256");
  readonly #lines: string[] = [];
  readonly #keepsAll: boolean;
  #places = 0;

  /** `keepsAll`: for one seed that somebody looks at. */
  constructor({ keepsAll = false }: { readonly keepsAll?: boolean } = {}) {
    this.#keepsAll = keepsAll;
  }

  /** Runs `run` once, `delayMs` from now; the answer takes it back. */
  after(delayMs: number, run: () => void): () => void {
    const due: Due = {
      atMs: this.nowMs + Math.max(0, Math.ceil(delayMs)),
      place: (this.#places += 1),
      run,
      cancelled: false,
    };
    this.#push(due);
    return () => {
      due.cancelled = true;
    };
  }

  /** Lets everything happen that is due before `endMs`. */
  async runUntil(endMs: number): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs; next = this.#heap[0]) {
      this.#pop();
      if (next.cancelled) continue;
      this.nowMs = next.atMs;
      this.steps += 1;
      if (this.steps > STEPS_MAX)
        throw new Error(`more than ${STEPS_MAX} things have happened; the last:\n${this.#lines.slice(-20).join("\n")}`);
      next.run();
      await settled();
    }
    this.nowMs = endMs;
  }

  /** Notes what happened: in the trace, and in its hash. */
  note(what: string): void {
    const line = `${this.nowMs} ${what}`;
    this.#hash.update(line).update("\n");
    this.#lines.push(line);
    if (!this.#keepsAll && this.#lines.length > 2 * KEPT_LINES_MAX) this.#lines.splice(0, KEPT_LINES_MAX);
  }

  /** The newest lines. */
  get trace(): readonly string[] {
    return this.#lines;
  }

  /** Of the whole trace. Call it once, at the end. */
  digest(): string {
    return this.#hash.digest("hex");
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent], due)) break;
      heap[at] = heap[parent] ?? due;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right], heap[left]) ? right : left;
      if (isBefore(last, heap[child])) break;
      heap[at] = heap[child] ?? last;
      at = child;
    }
    heap[at] = last;
  }
}

/** Nothing comes before what isn't there. */
const isBefore = (a: Due | undefined, b: Due | undefined): boolean =>
  a !== undefined && b !== undefined && (a.atMs < b.atMs || (a.atMs === b.atMs && a.place < b.place));

/** Everything that promises have set going is done: nothing here waits for anything outside the process. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
