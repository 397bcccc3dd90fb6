import { join } from "node:path";
import { SCENARIOS } from "../flags/spec.mjs";
import { ALL, PEERS, RAMPART } from "../contenders/all.mjs";
import { runJson } from "../lib/child.mjs";
import { versionOf } from "../lib/install.mjs";
import { BENCH } from "../lib/paths.mjs";
import { median, medianRatio, number, times } from "../lib/stats.mjs";

export const name = "evaluate";
export const title = "In-process evaluation";
export const about = "isEnabled beside a hand-written floor and the SDKs of eight products, four scenarios";

const CHILD = join(BENCH, "benches", "evaluate.child.mjs");
const FLOOR_LIMIT = 1.3;
/** At least so many times faster than the fastest peer, by scenario. */
const PEER_LIMITS = { 1: 8, 2: 12, 3: 8, 4: 40 };
/** What one call may leave on the heap and still count as nothing: the measuring itself costs a few hundred bytes a batch. */
const ZERO_BYTES = 0.1;

/** @param {{ rounds?: number, contenders?: readonly string[] }} options */
export async function run({ rounds = 25, contenders = ALL } = {}) {
  const scenarios = [];
  for (const scenario of SCENARIOS) {
    process.stderr.write(`  ${scenario.title} …\n`);
    scenarios.push({ ...scenario, contenders: await measure(scenario, { rounds, contenders }) });
  }
  return {
    tables: tablesOf(scenarios),
    goals: scenarios.flatMap(goalsOf),
    notes: notesOf(scenarios),
    data: scenarios.map(({ id, title, contenders }) => ({ id, title, contenders })),
  };
}

async function measure(scenario, { rounds, contenders }) {
  const child = (nodeArgs, options) =>
    runJson({
      program: CHILD,
      args: [String(scenario.id), JSON.stringify(options)],
      nodeArgs: ["--expose-gc", ...nodeArgs],
      timeoutMs: 120_000,
    });
  const timed = await child([], { contenders, rounds, warmUpMs: 300, batchMs: 5, bytes: false });
  // Apart, with a young generation that no measurement fills: it would flatter those who allocate if they were timed in it.
  const weighed = await child(["--min-semi-space-size=64", "--max-semi-space-size=64"], {
    contenders,
    rounds: 0,
    warmUpMs: 150,
    batchMs: 2,
    bytes: true,
  });
  const floor = timed.find((contender) => contender.file === "floor");
  return timed.map((contender) => ({
    ...contender,
    version: contender.pkg === undefined ? undefined : versionOf(contender.pkg),
    ns: median(contender.nsPerCall),
    overFloor: medianRatio(contender.nsPerCall, floor.nsPerCall),
    bytes: weighed.find((other) => other.file === contender.file)?.bytes,
  }));
}

const works = (contender) => contender !== undefined && contender.failed === undefined;

function tablesOf(scenarios) {
  const files = ALL.filter((file) =>
    scenarios.some(({ contenders }) => contenders.some((contender) => contender.file === file)),
  );
  const cell = (scenario, file) => {
    const contender = scenario.contenders.find((other) => other.file === file);
    if (contender === undefined) return "";
    return works(contender) ? `${number(contender.ns)} (${times(contender.overFloor)})` : "failed";
  };
  const nameOf = (file) => {
    const contender = scenarios.flatMap((scenario) => scenario.contenders).find((other) => other.file === file);
    return contender.version === undefined ? contender.name : `${contender.name} ${contender.version}`;
  };
  const bytesOf = (file) => {
    const bytes = scenarios.map(({ contenders }) => contenders.find((contender) => contender.file === file)?.bytes);
    return bytes.map((value) => (value === undefined ? "–" : number(value < ZERO_BYTES ? 0 : value))).join(" · ");
  };
  return [
    {
      title: "Nanoseconds a call (times the floor), and bytes a call by scenario",
      columns: [
        "",
        ...scenarios.map(({ id, title }) => `${id}: ${title}`),
        `bytes, ${scenarios.map(({ id }) => id).join(" · ")}`,
      ],
      rows: files.map((file) => [nameOf(file), ...scenarios.map((scenario) => cell(scenario, file)), bytesOf(file)]),
    },
  ];
}

function goalsOf({ id, contenders }) {
  const fastestPeer = contenders
    .filter((contender) => PEERS.includes(contender.file) && works(contender))
    .sort((a, b) => a.ns - b.ns)[0];
  return RAMPART.flatMap((file) => {
    const rampart = contenders.find((contender) => contender.file === file && works(contender));
    if (rampart === undefined) return [];
    const goals = [
      {
        text: `${rampart.name}, scenario ${id}: time over the floor's`,
        measured: rampart.overFloor,
        unit: "×",
        bound: "atMost",
        limit: FLOOR_LIMIT,
      },
      {
        text: `${rampart.name}, scenario ${id}: allocated a call`,
        measured: rampart.bytes < ZERO_BYTES ? 0 : rampart.bytes,
        unit: "bytes",
        bound: "atMost",
        limit: 0,
      },
    ];
    if (fastestPeer !== undefined) {
      const faster = medianRatio(fastestPeer.nsPerCall, rampart.nsPerCall);
      goals.push({
        text: `${rampart.name}, scenario ${id}: times faster than the fastest peer (${fastestPeer.name})`,
        measured: faster,
        unit: "×",
        bound: "atLeast",
        limit: PEER_LIMITS[id],
      });
    }
    return goals;
  });
}

function notesOf(scenarios) {
  const failures = scenarios.flatMap(({ id, contenders }) =>
    contenders
      .filter((contender) => contender.failed !== undefined)
      .map((contender) => `${contender.name} could not take part in scenario ${id}: ${contender.failed}`),
  );
  return [
    "Ids are 36 characters. Users are prepared outside the timed loop in the form that each SDK likes best; event sending and network are off; LaunchDarkly, Flagsmith and PostHog answer with promises, which are awaited.",
    "Bytes are those of the JavaScript heap: what Statsig's native part allocates is not in them.",
    ...failures,
  ];
}
