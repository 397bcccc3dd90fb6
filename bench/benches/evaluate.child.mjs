/**
 * One scenario, every contender in turn, round after round, in this one process.
 * `node --expose-gc evaluate.child.mjs SCENARIO OPTIONS-AS-JSON` prints JSON.
 */
import { SCENARIOS, makeUsers, randomSource } from "../flags/spec.mjs";
import { median } from "../lib/stats.mjs";
import { load } from "../contenders/all.mjs";

const USERS = 10_000;
/** A power of two, so that the sequences are walked with a mask. */
const SEQUENCE = 1 << 16;
/** Heap that the calls of one measurement of bytes may fill: less than the young generation they are given. */
const BYTES_BUDGET = 24 * 2 ** 20;

/** Contenders whose answers are the floor's, user by user. */
const SAME_HASH = ["floor", "rampart-core", "rampart-sdk", "murmurhash"];
/** Ten thousand users fall differently under another hash, and one flag of a thousand is asked seldom. */
const SHARE_TOLERANCE = 0.03;

const scenario = SCENARIOS[Number(process.argv[2]) - 1];
const options = JSON.parse(process.argv[3]);
const spec = scenario.spec();
const random = randomSource(7);
const sequenceBelow = (limit) => Uint16Array.from({ length: SEQUENCE }, () => Math.floor(random() * limit));
const keys = spec.flags.map((flag) => flag.key);
const pick = sequenceBelow(keys.length);
const who = sequenceBelow(USERS);
const userSpecs = makeUsers(USERS);

/** And no measurement of them takes much longer than this. */
const BYTES_MAX_MS = 50;

console.warn = () => {};

/**
 * A loop for this contender alone: a shared one would see many kinds of functions, and the engine would not inline any.
 */
function loopOf(handle, users) {
  const awaited = handle.async ? "await " : "";
  const source = `return ${handle.async ? "async " : ""}function (n, start) {
    let on = 0;
    for (let i = 0; i < n; i++) {
      const at = (start + i) & ${SEQUENCE - 1};
      if (${awaited}isEnabled(keys[pick[at]], users[who[at]])) on++;
    }
    return on;
  }`;
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is the one above
  return new Function("isEnabled", "keys", "pick", "users", "who", source)(handle.isEnabled, keys, pick, users, who);
}

async function openContender(file) {
  const module = await load(file);
  if (module.scenarios !== undefined && !module.scenarios.includes(scenario.id)) return undefined;
  const contender = { file, name: module.name, pkg: module.pkg, nsPerCall: [] };
  try {
    const handle = await module.open(await module.payload(spec), spec);
    contender.handle = handle;
    contender.loop = loopOf(handle, userSpecs.map(handle.user));
    await warmUp(contender);
  } catch (error) {
    contender.failed = String(error?.message ?? error).split("\n")[0];
  }
  return contender;
}

/** Milliseconds of CPU time that this process has had. */
function cpuTimeMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Runs until the engine has had time to optimise, and finds how many calls make a batch. Keeps the share of calls that gave true.
 * CPU time counts, as on a busy machine the clock runs while the engine waits; waiting has an end all the same.
 */
async function warmUp(contender) {
  const from = { cpuMs: cpuTimeMs(), ms: performance.now() };
  let calls = 0;
  let on = 0;
  let batch = 16;
  do {
    const started = performance.now();
    on += await contender.loop(batch, calls);
    const tookMs = performance.now() - started;
    contender.msPerCall = tookMs / batch;
    calls += batch;
    if (tookMs < options.batchMs) batch *= 2;
  } while (cpuTimeMs() - from.cpuMs < options.warmUpMs && performance.now() - from.ms < 10 * options.warmUpMs);
  contender.share = on / calls;
  contender.calls = calls;
  contender.batch = Math.max(1, Math.round(options.batchMs / contender.msPerCall));
}

/**
 * Nobody is fast at giving wrong answers: what shares the floor's hash must give its answers, and the others, who hash in their own
 * ways, its share.
 */
function checkAnswers(contenders) {
  const floor = contenders.find(({ file }) => file === "floor");
  const wanted = floor.loop(SEQUENCE, 0);
  for (const contender of contenders) {
    if (contender.failed !== undefined) continue;
    if (SAME_HASH.includes(contender.file)) {
      const given = contender.loop(SEQUENCE, 0);
      if (given !== wanted)
        contender.failed = `it gives "on" ${given} times of ${SEQUENCE}, and the floor ${wanted} times`;
    } else if (Math.abs(contender.share - wanted / SEQUENCE) > SHARE_TOLERANCE + 3 / Math.sqrt(contender.calls)) {
      contender.failed = `it gives "on" to ${contender.share} of the users, and the floor to ${wanted / SEQUENCE}`;
    }
  }
}

/**
 * In another order each round, and each after a stretch that is not timed: who runs after an SDK that fills the caches with its
 * objects would otherwise pay for fetching the users back, and the next one find them there.
 */
async function timeRounds(contenders) {
  for (let round = 0; round < options.rounds; round++) {
    for (const contender of shuffled(contenders)) {
      const start = round * 997;
      await contender.loop(Math.ceil(contender.batch / 4), start);
      const before = process.hrtime.bigint();
      await contender.loop(contender.batch, start);
      const after = process.hrtime.bigint();
      contender.nsPerCall.push(Number(after - before) / contender.batch);
    }
  }
}

function shuffled(values) {
  const order = [...values];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * Growth of the JavaScript heap over calls that are too few to start a collection, less what one call shows: a collection and
 * the measuring leave some hundred kilobytes of their own.
 */
async function bytesPerCall(contender) {
  const grow = async (calls) => {
    globalThis.gc();
    const before = process.memoryUsage().heapUsed;
    await contender.loop(calls, 0);
    return process.memoryUsage().heapUsed - before;
  };
  // Of a few calls too many may not fit: then fewer show more.
  const estimate = Math.max(64, (await grow(3)) - (await grow(2)), ((await grow(9)) - (await grow(1))) / 8);
  const inTime = Math.floor(BYTES_MAX_MS / contender.msPerCall);
  const calls = Math.max(2, Math.min(100_000, inTime, Math.floor(BYTES_BUDGET / estimate)));
  const samples = [];
  for (let i = 0; i < 5; i++) samples.push(((await grow(calls)) - (await grow(1))) / (calls - 1));
  return median(samples);
}

const contenders = [];
for (const file of options.contenders) {
  const contender = await openContender(file);
  if (contender !== undefined) contenders.push(contender);
}
checkAnswers(contenders);
const able = contenders.filter((contender) => contender.failed === undefined);
if (options.bytes) for (const contender of able) contender.bytes = await bytesPerCall(contender);
else await timeRounds(able);

const shown = contenders.map(({ name, file, pkg, nsPerCall, share, calls, bytes, failed }) => ({
  name,
  file,
  pkg,
  nsPerCall,
  share,
  calls,
  bytes,
  failed,
}));
process.stdout.write(`\n${JSON.stringify(shown)}\n`, () => process.exit(0));
