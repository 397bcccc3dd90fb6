import { built } from "../lib/paths.mjs";
import { number } from "../lib/stats.mjs";

export const name = "gates";
export const title = "Comparing cohorts beside thresholds";
export const about = "made-up users: how soon harm is found, and how often a healthy flag is taken back";

const DAY_S = 86_400;
const HOUR_S = 3600;
const INCIDENT_S = 600;
/** Days with an incident, of each kind, at most: each is 17 million requests. */
const INCIDENT_DAYS_MAX = 20;
/** `every`: each n-th user is hit. */
const INCIDENTS = [
  { text: "all requests fail by 20 % for 10 min", every: 1 },
  { text: "a tenth of the users, by 20 % for 10 min", every: 10 },
];

/** For how soon errors are found, this many times as many runs. */
const ERROR_ROUNDS = 5;

/** What harm is looked for, with the median seconds that are expected at 1, 5, 25 and 50 %. */
const HARMS = [
  { text: "errors 20 %", on: { failureRate: 0.2, latency: 1 }, expected: [11, 2, 1, 1] },
  { text: "errors 5 %", on: { failureRate: 0.05, latency: 1 }, expected: [60, 14, 4, 4] },
  { text: "errors 2 %", on: { failureRate: 0.02, latency: 1 }, expected: [384, 68, 19, 16] },
  { text: "errors 1 %", on: { failureRate: 0.01, latency: 1 }, expected: [2700, 480, 116, 99] },
  { text: "latency × 3", on: { failureRate: 0.005, latency: 3 }, expected: [5, 2, 1, 1] },
  { text: "latency × 1.5", on: { failureRate: 0.005, latency: 1.5 }, expected: [49, 7, 3, 3] },
  { text: "latency × 1.2", on: { failureRate: 0.005, latency: 1.2 }, expected: [undefined, 69, 12, 16] },
];

/** @param {{ rounds?: number }} options rounds: runs of each kind; healthy days are as many */
export async function run({ rounds = 60 } = {}) {
  const [cohorts, thresholds, { parsePlan }] = await Promise.all([
    import("../lib/cohorts.mjs"),
    import("../lib/thresholds.mjs"),
    import(built("server")),
  ]);
  const tools = { ...cohorts, ...thresholds, plans: thresholds.planThresholds(parsePlan) };
  const seeds = Array.from({ length: rounds }, (_, index) => index + 1);
  say("how soon harm is found …");
  const more = Array.from({ length: rounds * ERROR_ROUNDS }, (_, index) => index + 1);
  const found = HARMS.map((harm) => ({ ...harm, times: timesOf(tools, isLatency(harm.on) ? seeds : more, harm) }));
  const few = HARMS.filter(({ on }) => !isLatency(on)).map((harm) => ({
    ...harm,
    times: timesOf(tools, seeds, harm, tools.FEW_SUFFER),
  }));
  say("how soon the plans' thresholds find it …");
  const beside = HARMS.map((harm) => besideOf(tools, seeds, harm));
  say(`${rounds} healthy days …`);
  const healthy = seeds.map((seed) => live(tools, { seed, seconds: DAY_S, percentage: 5 }));
  const quiet = seeds.map((seed) => live(tools, { seed, seconds: DAY_S, percentage: 1, requestsPerSecond: 20 }));
  say("incidents that hit both cohorts …");
  const incidents = INCIDENTS.map(({ text, every }) => ({
    text,
    runs: seeds.map((seed) => live(tools, { seed, seconds: 1800, percentage: 5, incident: { every, from: 600 } })),
  }));
  say("days with such an incident …");
  const incidentDays = INCIDENTS.map(({ text, every }) => ({
    text,
    runs: seeds.slice(0, INCIDENT_DAYS_MAX).map((seed) => incidentDay(tools, { seed, every })),
  }));
  const cost = measureCost(tools);
  return outcomeOf({ tools, rounds, found, few, beside, healthy, quiet, incidents, incidentDays, cost });
}

const say = (text) => process.stderr.write(`  ${text}\n`);
const isLatency = ({ latency }) => latency !== 1;

function timesOf({ SHARES, findFailures, findLatency }, seeds, { on }, users) {
  const find = isLatency(on) ? findLatency : findFailures;
  return SHARES.map((percentage) => seeds.map((seed) => find({ seed, percentage, on, users })));
}

/** An hour at a 5 % canary under the thresholds of each plan. */
function besideOf({ Traffic, USERS, USUAL, plans, History, Watch }, seeds, { text, on }) {
  const times = plans.map(() => []);
  for (const seed of seeds) {
    const traffic = new Traffic({ ...USERS, seed });
    const sides = traffic.sides(5000);
    const history = new History();
    const watches = plans.map((plan) => new Watch(withoutHopeless(plan)));
    for (let second = 1; second <= 3600 && watches.some((watch) => watch.firedAt === Infinity); second++) {
      history.begin(second);
      traffic.second(sides, [USUAL, on], (user, hasFailed) => {
        if (sides[user] === 1) history.add(hasFailed, isLatency(on) ? traffic.latencyMs(on.latency) / 1000 : undefined);
      });
      for (const watch of watches) watch.look(second, history);
    }
    for (const [index, watch] of watches.entries()) times[index].push(watch.firedAt);
  }
  return { text, times };
}

/** Seconds that the 95th percentile of the made-up requests takes while all is well, a little more to be safe. */
const P95_USUAL_S = 0.4;

/** What fires on the made-up users' usual latency is made for faster services, and says nothing here. */
const withoutHopeless = ({ rules, ...plan }) => ({
  ...plan,
  rules: rules.filter(({ of, limit }) => of === "errors" || limit > P95_USUAL_S),
});

/**
 * Both cohorts fare alike: seconds of the first alarm of each share's coin test, and of the plans' thresholds on errors at `percentage`.
 * `incident`: for ten minutes from this second on every n-th user fails by 20 %.
 */
function live(tools, { seed, seconds, percentage, requestsPerSecond = 200, incident }) {
  const { Traffic, USERS, USUAL, SHARES, Cohort, plans, History, Watch } = tools;
  const traffic = new Traffic({ ...USERS, requestsPerSecond, seed });
  const cohorts = SHARES.map((share) => new Cohort(traffic, share));
  const sides = traffic.sides(percentage * 1000);
  const groups = Uint8Array.from(sides, (_, user) => (incident !== undefined && user % incident.every === 0 ? 1 : 0));
  const bad = { failureRate: 0.2, latency: 1 };
  const history = new History();
  const errorsOnly = ({ rules, ...plan }) => ({ ...plan, rules: rules.filter(({ of }) => of === "errors") });
  const watches = plans.map((plan) => new Watch(errorsOnly(plan)));
  for (let second = 1; second <= seconds; second++) {
    history.begin(second);
    const isIncident = incident !== undefined && second > incident.from && second <= incident.from + INCIDENT_S;
    traffic.second(groups, [USUAL, isIncident ? bad : USUAL], (user, hasFailed) => {
      for (const cohort of cohorts) cohort.add(user, hasFailed);
      if (sides[user] === 1) history.add(hasFailed);
    });
    for (const cohort of cohorts) cohort.endSecond(second);
    for (const watch of watches) watch.look(second, history);
  }
  return { cohorts: cohorts.map(({ alarmAt }) => alarmAt), plans: watches.map(({ firedAt }) => firedAt) };
}

/** A day with a look a second and ten bad minutes in one of its hours, whichever the seed says. */
function incidentDay(tools, { seed, every }) {
  const hour = Math.floor(new tools.Random(-seed).uniform() * 24);
  return live(tools, { seed, seconds: DAY_S, percentage: 5, incident: { every, from: hour * HOUR_S + 600 } });
}

/** Microseconds that a metric costs in a second, and bytes that it keeps. */
function measureCost({ Traffic, CountedTraffic, look, USERS, USUAL }) {
  const traffic = new CountedTraffic(new Traffic({ ...USERS, seed: 1 }), 5000);
  const windows = Array.from({ length: 600 }, () => traffic.second([USUAL, USUAL]));
  const test = { tolerated: 1, plannedEpochs: 24, fastAlpha: 0.004, slowAlpha: 0.001 };
  const of = (kind) => ({
    measured: "run",
    metrics: [{ name: "m", of: kind, tests: [{ ...test, key: "m" }], proofs: [] }],
  });
  const measure = (kind) => {
    const measured = of(kind);
    const times = [];
    let before;
    for (let round = 0; round < 20; round++) {
      const started = performance.now();
      for (const [index, window] of windows.entries()) {
        const now = (round * windows.length + index) * 1000;
        before = look({
          measured,
          before,
          epochs: {},
          thousandths: 5000,
          window,
          sums: () => undefined,
          now,
        }).comparing;
      }
      times.push(((performance.now() - started) * 1000) / windows.length);
    }
    return { us: Math.min(...times), bytes: JSON.stringify(before).length };
  };
  return { failures: measure("failures"), values: measure("values") };
}

const time = (seconds) =>
  seconds === Infinity ? "–" : seconds < 120 ? `${number(seconds)} s` : `${number(seconds / 60)} min`;
const medianAndTail = (times) => `${time(middle(times))} / ${time(tail(times))}`;
const middle = (times) => nearest(times, 0.5);
const tail = (times) => nearest(times, 0.9);
/** One that was measured: the mean of a number and Infinity is no time. */
const nearest = (times, share) => [...times].sort((a, b) => a - b)[Math.ceil(share * times.length) - 1];
const shareOfRuns = (times) => `${number((100 * times.filter((one) => one < Infinity).length) / times.length)} %`;

function outcomeOf({ tools, rounds, found, few, beside, healthy, quiet, incidents, incidentDays, cost }) {
  const { SHARES, ALPHA, plans } = tools;
  const names = plans.map(({ plan }) => plan);
  const byShare = (runs) => SHARES.map((_, index) => shareOfRuns(runs.map(({ cohorts }) => cohorts[index])));
  const byPlan = (runs) => names.map((_, index) => shareOfRuns(runs.map((one) => one.plans[index])));
  const percent = SHARES.map((share) => `${share} %`);
  return {
    tables: [
      {
        title: "How soon the comparison finds what users with the flag suffer, by the canary's size: median / 90 %",
        columns: ["harm", ...percent],
        rows: found.map(({ text, times }) => [text, ...times.map(medianAndTail)]),
      },
      {
        title: "The same where the flag breaks mostly for a few of those who are on: median / 90 %",
        columns: ["harm", ...percent],
        rows: few.map(({ text, times }) => [text, ...times.map(medianAndTail)]),
      },
      {
        title: "Beside the hard stops of the example plans at a 5 % canary: median",
        columns: ["harm", "comparison", ...names],
        rows: beside.map(({ text, times }, index) => [
          text,
          time(middle(found[index].times[SHARES.indexOf(5)])),
          ...times.map((one) => time(middle(one))),
        ]),
      },
      {
        title: "Runs in which the comparison takes back a flag that changes nothing, by the canary's size",
        columns: ["", ...percent],
        rows: [
          ["a day at 200 requests a second", ...byShare(healthy)],
          ["a day at 20 requests a second", ...byShare(quiet)],
          ...incidents.map(({ text, runs }) => [`half an hour, ${text}`, ...byShare(runs)]),
          ...incidentDays.map(({ text, runs }) => [`a day (${runs.length} runs), ${text}`, ...byShare(runs)]),
        ],
      },
      {
        title: "Runs in which the plans' hard stops on errors do",
        columns: ["", ...names],
        rows: [
          ["a day at 200 requests a second, 5 % canary", ...byPlan(healthy)],
          ["a day at 20 requests a second, 1 % canary", ...byPlan(quiet)],
          ...incidents.map(({ text, runs }) => [`${text}, 5 % canary`, ...byPlan(runs)]),
        ],
      },
      {
        title: "What a compared metric costs",
        columns: ["", "µs a second, at best", "kB of state"],
        rows: [
          ["failures", number(cost.failures.us), number(cost.failures.bytes / 1000)],
          ["values", number(cost.values.us), number(cost.values.bytes / 1000)],
        ],
      },
    ],
    goals: [
      ...found.flatMap(({ text, times, expected }) =>
        SHARES.flatMap((share, index) => {
          const wanted = expected[index];
          if (wanted === undefined) return [];
          return [
            {
              text: `${text} at a ${share} % canary, median`,
              measured: middle(times[index]),
              unit: "s",
              bound: "atMost",
              limit: Math.max(wanted + 1, wanted * 1.2),
            },
          ];
        }),
      ),
      ...SHARES.map((share, index) => ({
        text: `healthy days taken back at a ${share} % canary`,
        measured: (100 * healthy.filter(({ cohorts }) => cohorts[index] < Infinity).length) / rounds,
        unit: "%",
        bound: "atMost",
        limit: falseAlarmsMax(rounds, ALPHA),
      })),
      ...incidentDays.map(({ text, runs }) => ({
        text: `days taken back at any of the canaries, ${text}`,
        measured: (100 * runs.filter(({ cohorts }) => Math.min(...cohorts) < Infinity).length) / runs.length,
        unit: "%",
        bound: "atMost",
        limit: falseAlarmsMax(runs.length, ALPHA * SHARES.length),
      })),
      ...["failures", "values"].map((kind) => ({
        text: `a look at ${kind}, a metric and second, in the least disturbed of 20 rounds`,
        measured: cost[kind].us,
        unit: "µs",
        bound: "atMost",
        limit: 20,
      })),
    ],
    notes: [
      `${rounds} runs of each kind with seeds 1 to ${rounds}: 10,000 users, 200 requests a second, 0.5 % of which fail, most of them of a few users; harm from the first second on, for all alike who are on unless a table says otherwise, alpha 0.5 % a metric; – is not within two hours, or one under thresholds.`,
      `How soon errors are found is of ${rounds * ERROR_ROUNDS} runs: with a hundred users who are on, as at a 1 % canary, fewer place a median only roughly.`,
      "The plans' thresholds are read on the canary's own requests at the plans' intervals, windows and times; limits below the made-up users' usual latency are left out.",
      "The state is what a look keeps of a metric, as JSON; the counts by unit that it is made of are kept by the intake.",
      "A day with an incident has its ten bad minutes in one of its 24 hours, drawn for each seed; all four canaries look at the same requests.",
      "So few days show no more than that false alarms are not frequent: the bound itself is shown by enumeration in the tests.",
    ],
    data: { found, few, beside, healthy, quiet, incidents, incidentDays, cost },
  };
}

/** Percent that chance alone exceeds less than once in a hundred, at this rate in this many runs. */
function falseAlarmsMax(runs, rate) {
  let below = 0;
  let chance = (1 - rate) ** runs;
  for (let count = 0; ; count++) {
    below += chance;
    if (below >= 0.99) return (100 * count) / runs;
    chance *= ((runs - count) / (count + 1)) * (rate / (1 - rate));
  }
}
