import { homedir } from "node:os";
import type { Readable, Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { isatty, type WriteStream } from "node:tty";
import { CliError } from "./errors.ts";
import { STDIN_BYTES_MAX, type Attention, type Io, type Sink } from "./io.ts";

/** The real process. The only place of this package that reads it. */
export function nodeIo(): Io {
  return {
    stdout: sinkOf(process.stdout),
    stderr: sinkOf(process.stderr),
    stdin: {
      isTerminal: isatty(0),
      read: () => readAll(process.stdin),
    },
    env: process.env,
    homeDir: homedir(),
    fetch: (input, init) => fetch(input, init),
    now: () => Date.now(),
    sleep: (ms, signal) =>
      delay(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
        if (signal?.aborted !== true) throw error;
      }),
    attend,
    ask,
  };
}

/** A reader that stops reading (`| head`) is no error: the rest is dropped and the command ends as it would have. */
export function sinkOf(stream: Writable & Partial<Pick<WriteStream, "isTTY" | "columns" | "rows">>): Sink {
  let open = true;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    open = false;
  });
  return {
    write(text) {
      if (open) stream.write(text);
      return open;
    },
    isTerminal: stream.isTTY === true,
    get columns() {
      // A terminal that does not know its size says 0.
      return stream.isTTY === true && stream.columns ? stream.columns : undefined;
    },
    get rows() {
      return stream.isTTY === true && stream.rows ? stream.rows : undefined;
    },
  };
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > STDIN_BYTES_MAX) {
      throw new CliError({ code: "INPUT_TOO_LARGE", message: `stdin holds more than ${STDIN_BYTES_MAX} bytes` });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const INTERRUPTS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function attend({ onKey, onResize, onInterrupt }: Attention): () => void {
  const { stdin, stdout } = process;
  const listen = (data: Buffer): void => onKey(data.toString("utf8"));
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on("data", listen).resume();
  }
  stdout.on("resize", onResize);
  for (const name of INTERRUPTS) process.on(name, onInterrupt);
  return () => {
    for (const name of INTERRUPTS) process.off(name, onInterrupt);
    stdout.off("resize", onResize);
    if (!stdin.isTTY) return;
    stdin.off("data", listen).pause();
    stdin.setRawMode(false);
  };
}

async function ask(question: string, options: { readonly secret?: boolean } = {}): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import("node:readline/promises"),
    import("node:stream"),
  ]);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  process.stderr.write(question);
  const output = options.secret === true ? silent : process.stderr;
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    if (options.secret === true) process.stderr.write("\n");
  }
}
