import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { sinkOf } from "./node-io.ts";

/** A pipe whose reader goes away after the first write. */
function brokenPipe(code: string): Writable {
  let writes = 0;
  return new Writable({
    autoDestroy: false,
    write(_chunk, _encoding, done) {
      writes += 1;
      done(writes > 1 ? Object.assign(new Error(code), { code }) : undefined);
    },
  });
}

/** Lets the stream tell its error. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a sink", () => {
  it("drops what is written after its reader has gone, as in `rampart flags list | head -1`", async () => {
    const sink = sinkOf(brokenPipe("EPIPE"));
    expect(sink.write("one")).toBe(true);
    sink.write("two");
    await settled();
    expect(sink.write("three")).toBe(false);
  });

  it("has columns on a terminal only", () => {
    const stream = Object.assign(brokenPipe("EPIPE"), { isTTY: true, columns: 80 });
    expect(sinkOf(stream)).toMatchObject({ isTerminal: true, columns: 80 });
    expect(sinkOf(brokenPipe("EPIPE"))).toMatchObject({ isTerminal: false, columns: undefined });
  });
});
