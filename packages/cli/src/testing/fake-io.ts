import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { ExitCode } from "../exit.ts";
import type { Io, Sink } from "../io.ts";
import { main } from "../main.ts";

/** A real server has something new sooner than a person would look again. */
const REAL_PAUSE_MAX_MS = 50;

/** Every test's now. */
export const NOW = Date.parse("2026-01-05T12:00:00.000Z");

export interface FakeOptions {
  readonly env?: { readonly [name: string]: string };
  /** What is piped in; undefined: nothing, and stdin is at its end. */
  readonly stdin?: string;
  /** Columns of the terminal on all three streams; undefined: all three are pipes. */
  readonly terminal?: number;
  /** Lines of that terminal; missing: 40. */
  readonly rows?: number;
  /** Pauses take their time, and the clock goes on by itself: against a real server. */
  readonly realTime?: boolean;
  /** The person in front of it. */
  readonly attend?: Io["attend"];
  /** What the user types, in turn. */
  readonly answers?: readonly string[];
  /** Pieces after which the reader of stdout goes away. */
  readonly readerLeavesAfter?: number;
}

/** What a run of the program left behind. */
export interface Outcome {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stderr: string;
  /** Questions that were asked. */
  readonly asked: readonly string[];
  /** Milliseconds of each pause. */
  readonly slept: readonly number[];
}

/** A configuration folder that goes away with the test. */
export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), "rampart-cli-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs the program on a command line, and gives what came of it. */
export async function rampart(argv: readonly string[], options: FakeOptions = {}): Promise<Outcome> {
  const fake = fakeIo(options);
  const code = await main(argv, fake.io);
  return { code, stdout: fake.stdout(), stderr: fake.stderr(), asked: fake.asked, slept: fake.slept };
}

/** An `Io` without a process. */
export function fakeIo(options: FakeOptions = {}) {
  const stdout = fakeSink(options);
  const stderr = fakeSink({ ...options, readerLeavesAfter: Infinity });
  const asked: string[] = [];
  const slept: number[] = [];
  const answers = [...(options.answers ?? [])];
  const io: Io = {
    stdout: stdout.sink,
    stderr: stderr.sink,
    stdin: {
      isTerminal: options.terminal !== undefined && options.stdin === undefined,
      read: async () => options.stdin ?? "",
    },
    env: { XDG_CONFIG_HOME: "/nonexistent", ...options.env },
    homeDir: "/nonexistent",
    fetch: (input, init) => fetch(input, init),
    now: () => NOW + slept.reduce((sum, ms) => sum + ms, 0),
    sleep: async (ms) => void slept.push(ms),
    ...(options.realTime === true
      ? { now: Date.now, sleep: (ms: number) => delay(Math.min(ms, REAL_PAUSE_MAX_MS)) }
      : {}),
    attend: options.attend ?? (() => () => undefined),
    ask: async (question) => {
      asked.push(question);
      return answers.shift() ?? "";
    },
  };
  return { io, stdout: stdout.text, stderr: stderr.text, asked, slept };
}

function fakeSink({ terminal, rows = 40, readerLeavesAfter = Infinity }: FakeOptions): {
  readonly sink: Sink;
  readonly text: () => string;
} {
  const written: string[] = [];
  return {
    text: () => written.join(""),
    sink: {
      isTerminal: terminal !== undefined,
      columns: terminal,
      rows: terminal === undefined ? undefined : rows,
      write(text) {
        if (written.length < readerLeavesAfter) written.push(text);
        return written.length < readerLeavesAfter;
      },
    },
  };
}
