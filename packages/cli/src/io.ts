/** A stream that text is written to. */
export interface Sink {
  /** False once the reader has gone (a closed pipe): what is written after that is dropped. */
  write(text: string): boolean;
  readonly isTerminal: boolean;
  /** Columns of the terminal; undefined when there is none. */
  readonly columns: number | undefined;
  /** Lines of the terminal; undefined when there is none. */
  readonly rows: number | undefined;
}

/** What a person does at a terminal while something is shown there. */
export interface Attention {
  /** Each key as the terminal sends it; Ctrl-C is `\u0003`. */
  readonly onKey: (key: string) => void;
  readonly onResize: () => void;
  /** The process is asked to end: SIGINT, SIGTERM or SIGHUP. */
  readonly onInterrupt: () => void;
}

/** Everything that a command may touch of the process around it. Tests hand in their own. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: {
    readonly isTerminal: boolean;
    /** Reads to the end, at most `STDIN_BYTES_MAX`. */
    read(): Promise<string>;
  };
  readonly env: { readonly [name: string]: string | undefined };
  readonly homeDir: string;
  readonly fetch: typeof fetch;
  /** Wall clock, epoch milliseconds. */
  now(): number;
  /** Ends early, without an error, when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Takes keys one by one, unechoed, and what else a person does, until the function that it gives is called. */
  attend(attention: Attention): () => void;
  /** Asks on the terminal and gives the line that was typed, unechoed when secret. Only called when stdin and stderr are terminals. */
  ask(question: string, options?: { readonly secret?: boolean }): Promise<string>;
}

/** A patch, a token or an audit export on stdin; an export of a million entries is about this size. */
export const STDIN_BYTES_MAX = 512 * 1024 * 1024;

/** Whether a question can be asked and its answer typed. */
export function canAsk(io: Io): boolean {
  return io.stdin.isTerminal && io.stderr.isTerminal;
}
