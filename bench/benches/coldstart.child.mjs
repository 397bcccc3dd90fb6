/**
 * One contender in a fresh process. `node --expose-gc coldstart.child.mjs MODE FILE FLAGS-FILE ONE-FLAG-FILE FLAG` prints JSON.
 *
 * - `time`: import → ready → first evaluation, with the flags in memory as text.
 * - `heap`: what the client and its flags hold. A client of one flag comes and goes before, so that code that is only loaded when it
 *   is needed counts as code.
 */
import { readFileSync } from "node:fs";
import { load } from "../contenders/all.mjs";

const [mode, file, flagsPath, oneFlagPath, key] = process.argv.slice(2);
console.warn = () => {};

const SETTLE_MS = 20;
/** Time for what a client does on its own: it needs code too. */
const BACKGROUND_MS = 100;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const spec = { flags: [{ key, conditions: [] }], segments: {} };
const userSpec = {
  id: "3f29c1de-5b1c-4f4e-a3c1-9d1f0b7c2a55",
  attributes: { country: "PT", email: "someone@mail.example", age: 40 },
};

async function openAndAsk(text) {
  const handle = await contender.open(text, spec);
  const enabled = await handle.isEnabled(key, handle.user(userSpec));
  if (typeof enabled !== "boolean") throw new Error(`the first evaluation gave ${String(enabled)}`);
  return handle;
}

async function measureTime() {
  const text = readFileSync(flagsPath, "utf8");
  await pause(SETTLE_MS);
  const started = performance.now();
  await contender.load?.();
  const imported = performance.now();
  await openAndAsk(text);
  const evaluated = performance.now();
  return { importMs: imported - started, totalMs: evaluated - started };
}

async function heapBytes() {
  await pause(SETTLE_MS);
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function measureHeap() {
  const bare = await heapBytes();
  const first = await openAndAsk(readFileSync(oneFlagPath, "utf8"));
  await pause(BACKGROUND_MS);
  await first.close();
  const withCode = await heapBytes();
  const handle = await openAndAsk(readFileSync(flagsPath, "utf8"));
  const withFlags = await heapBytes();
  await handle.close();
  return { codeBytes: withCode - bare, heapBytes: withFlags - withCode };
}

// The adapter is the bench's own, so its loading is not measured; the SDK behind it is imported by `load`.
const contender = await load(file);
const answer = mode === "time" ? await measureTime() : await measureHeap();
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0));
