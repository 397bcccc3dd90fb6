/** `node run.child.mjs ROUNDS` prints JSON: nanoseconds a call of a function, bare, behind isEnabled, and through run. */
import { payload, startFrom } from "../contenders/rampart-sdk.mjs";
import { SCENARIOS, makeUsers } from "../flags/spec.mjs";

const rounds = Number(process.argv[2]);
const CALLS = 20_000;
const WARM_UP_ROUNDS = 10;

const spec = SCENARIOS[0].spec();
const key = spec.flags[0].key;
const users = makeUsers(1024).map(({ id }) => id);
const bootstrap = JSON.parse(await payload(spec));
/** As a rollout leaves it, but for the lease, which would be over: there is no server. */
const measured = "measured-by-a-rollout";
bootstrap.flags.push({
  key: measured,
  revision: bootstrap.revision,
  fallthrough: { percentage: 50 },
  measures: ["run"],
});
const client = await startFrom(bootstrap);

let work = 0;
const on = () => (work = (work + 1) | 0);
const off = () => (work = (work - 1) | 0);
const branches = { on, off };
const asyncBranches = { on: async () => on(), off: async () => off() };

const loops = {
  bare: (n) => {
    for (let i = 0; i < n; i++) on();
  },
  branch: (n) => {
    for (let i = 0; i < n; i++)
      if (client.isEnabled(key, users[i & 1023])) on();
      else off();
  },
  run: (n) => {
    for (let i = 0; i < n; i++) client.run(key, users[i & 1023], branches);
  },
  runMeasured: (n) => {
    for (let i = 0; i < n; i++) client.run(measured, users[i & 1023], branches);
  },
  bareAsync: async (n) => {
    for (let i = 0; i < n; i++) await asyncBranches.on();
  },
  runAsync: async (n) => {
    for (let i = 0; i < n; i++) await client.run(key, users[i & 1023], asyncBranches);
  },
};

const nsPerCall = Object.fromEntries(Object.keys(loops).map((name) => [name, []]));
for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
  for (const [name, loop] of Object.entries(loops)) {
    const before = process.hrtime.bigint();
    await loop(CALLS);
    const ns = Number(process.hrtime.bigint() - before) / CALLS;
    if (round >= 0) nsPerCall[name].push(ns);
  }
}
process.stdout.write(`\n${JSON.stringify({ nsPerCall, work })}\n`, () => process.exit(0));
