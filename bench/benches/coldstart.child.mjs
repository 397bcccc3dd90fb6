/**
 * One contender in a fresh process: import → ready → first evaluation, and the heap that it then holds: with its code, and what the
 * flags and the client take without it.
 * `node --expose-gc coldstart.child.mjs FILE FLAGS-FILE FLAG` prints JSON.
 */
import { readFileSync } from "node:fs";
import { load } from "../contenders/all.mjs";

const [file, payloadPath, key] = process.argv.slice(2);
console.warn = () => {};

const settle = () => new Promise((resolve) => setTimeout(resolve, 20));

async function heapBytes() {
  await settle();
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

// The adapter is the bench's own, so its loading is not measured; the SDK behind it is imported by `load`.
const contender = await load(file);
const spec = { flags: [{ key, conditions: [] }], segments: {} };
const bare = await heapBytes();

const importing = performance.now();
await contender.load?.();
const imported = performance.now();
const withCode = await heapBytes();

let text = readFileSync(payloadPath, "utf8");
const opening = performance.now();
const handle = await contender.open(text, spec);
const user = handle.user({
  id: "3f29c1de-5b1c-4f4e-a3c1-9d1f0b7c2a55",
  attributes: { country: "PT", email: "someone@mail.example", age: 40 },
});
const enabled = await handle.isEnabled(key, user);
const evaluated = performance.now();
text = undefined;
const withFlags = await heapBytes();

const answer = {
  importMs: imported - importing,
  openMs: evaluated - opening,
  totalMs: imported - importing + evaluated - opening,
  codeBytes: withCode - bare,
  heapBytes: withFlags - withCode,
  enabled: Boolean(enabled),
};
process.stdout.write(`\n${JSON.stringify(answer)}\n`, () => process.exit(0));
