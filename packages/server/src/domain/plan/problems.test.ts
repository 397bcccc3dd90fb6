import { describe, expect, it } from "vitest";
import { parsePlan, type ParseOptions } from "./parse.ts";
import { SAMPLE } from "./testing/sample.ts";

interface Broken {
  /** What is done to the sample: the first text is replaced by the second. */
  readonly edit: readonly [string, string];
  /** The text that the problem points at, where it is not the second one; it stands once, or `nth` times from 0. */
  readonly at?: string;
  readonly nth?: number;
  readonly message: string | RegExp;
  readonly hint: string | RegExp;
  readonly path?: string;
  readonly options?: ParseOptions;
}

const full = "- { name: full, percentage: 100, duration: 30m }";
const stage = (fields: string): readonly [string, string] => [
  full,
  `- { name: full, percentage: 100, duration: 30m, ${fields} }`,
];

const BROKEN: { readonly [what: string]: Broken } = {
  // Structure
  "a misspelt field of spec": {
    edit: ["interval: 10s", "intervall: 10s"],
    at: "intervall",
    message: 'unknown field "intervall"',
    hint: 'did you mean "interval"?',
    path: "/spec/intervall",
  },
  "a misspelt field that is needed, told once": {
    edit: ["flag: s", "flags: s"],
    at: "flags",
    message: 'unknown field "flags"',
    hint: 'did you mean "flag"?',
  },
  "a field that nobody knows": {
    edit: ["interval: 10s", "xyzzy: 1"],
    at: "xyzzy",
    message: 'unknown field "xyzzy"',
    hint: /^the fields here are: flag, environment/,
  },
  "a field in the wrong place": {
    edit: ["metadata: {", "stages: []\nmetadata: {"],
    at: "stages:",
    nth: 0,
    message: 'unknown field "stages"',
    hint: /belongs into "spec"/,
  },
  "a misspelt field of a stage": {
    edit: ["percentage: 25", "precentage: 25"],
    at: "precentage",
    message: 'stage 2: unknown field "precentage"',
    hint: 'did you mean "percentage"?',
  },
  "a misspelt field of a trigger": {
    edit: ["severity: P0 }\n    - { name: slow", "sevrity: P0 }\n    - { name: slow"],
    at: "sevrity",
    message: 'trigger 1: unknown field "sevrity"',
    hint: 'did you mean "severity"?',
  },
  "the rest of a text after a comma": {
    edit: ['{ check: "Feature flag system operational" }', "{ check: Feature flags, all of them }"],
    at: "all of them",
    message: /unknown field "all of them"/,
    hint: /put the whole text in quotes/,
  },
  "no stages": {
    edit: [SAMPLE.slice(SAMPLE.indexOf("  stages:"), SAMPLE.indexOf("  rollback:")), ""],
    at: "spec",
    message: /"stages" is missing/,
    hint: /The ramp, in order/,
    path: "/spec/stages",
  },
  "an empty list of stages": {
    edit: [SAMPLE.slice(SAMPLE.indexOf("  stages:"), SAMPLE.indexOf("  rollback:")), "  stages: []\n"],
    at: "[]",
    message: '"stages" must be at least 1 items long',
    hint: /mapping|list/,
  },
  "a stage without a duration": {
    edit: ["percentage: 100, duration: 30m", "percentage: 100"],
    at: full.replace(", duration: 30m", "").slice(2),
    message: 'stage 3: "duration" is missing',
    hint: /How long the stage lasts at least.*15m/,
  },
  "a missing environment": {
    edit: ["  environment: production\n", ""],
    at: "spec",
    message: '"environment" is missing',
    hint: "Where. For example production",
  },
  "another version of the format": {
    edit: ["rampart/v1", "rampart/v2"],
    message: '"apiVersion" can\'t be "rampart/v2"',
    hint: "it is rampart/v1",
  },
  "another kind": {
    edit: ["kind: RolloutPlan", "kind: Rollout"],
    at: "Rollout",
    message: '"kind" can\'t be "Rollout"',
    hint: "it is RolloutPlan",
  },
  "a list in place of a mapping": {
    edit: [
      'rollback: { verify: { within: 5m, criteria: [{ require: "error_rate < 1%" }] }, checklist: [{ item: "Preserve logs and metrics", within: 1h }] }',
      "rollback: [verify]",
    ],
    at: "[verify]",
    message: '"rollback" must be a mapping, not a list',
    hint: /verify, checklist/,
  },
  "a number in place of a text": {
    edit: ['title: "Phase 9: production canary"', "title: 9"],
    at: "9, change",
    message: '"title" must be text, not 9',
    hint: 'put it in quotes: "9"',
  },
  "an empty field": {
    edit: ["interval: 10s", "interval:"],
    at: "interval:",
    message: '"interval" is empty',
    hint: /give it a value, or take the line out/,
  },
  "text in place of true or false": {
    edit: stage("inherit: maybe"),
    at: "maybe",
    message: 'stage 3: "inherit" must be true or false, not "maybe"',
    hint: /./,
  },
  "a name that is too long": {
    edit: ["name: quarter", `name: ${"q".repeat(65)}`],
    at: "q".repeat(65),
    message: 'stage 2: "name" must be at most 64 characters long',
    hint: "for example canary",
  },
  "a field that is given twice": {
    edit: ["interval: 10s", "interval: 10s\n  interval: 5s"],
    at: "interval",
    nth: 1,
    message: '"interval" is given twice (first at line 7)',
    hint: "keep one of the two",
  },
  // Choices
  "an action that doesn't exist": {
    edit: ["for: 15m, action: pause", "for: 15m, action: halt"],
    at: "halt",
    message: 'trigger 3: "action" can\'t be "halt"',
    hint: "one of rollback, pause, notify",
  },
  "a misspelt action": {
    edit: ["for: 15m, action: pause", "for: 15m, action: puase"],
    at: "puase",
    message: 'trigger 3: "action" can\'t be "puase"',
    hint: /^did you mean "pause"\?/,
  },
  "a severity that doesn't exist": {
    edit: ["severity: [P0, P1]", "severity: [P0, P7]"],
    at: "P7",
    message: /"P7"/,
    hint: /P0, P1, P2, P3/,
  },
  "an event that doesn't exist": {
    edit: ["on: [rollback, escalation]", "on: [rolback, escalation]"],
    at: "rolback",
    message: 'notify rule 1: item 1 of "on" can\'t be "rolback"',
    hint: /^did you mean "rollback"\?/,
  },
  "a unit that doesn't exist": {
    edit: ["unit: seconds", "unit: secnds"],
    at: "secnds",
    message: 'metric p95: "unit" can\'t be "secnds"',
    hint: /did you mean "seconds"\?/,
  },
  "a measure that doesn't exist": {
    edit: ["measure: error_rate", "measure: errors"],
    at: "errors, cohort",
    message: /"measure" can't be "errors"/,
    hint: /error_rate/,
  },
  "a status that is none": {
    edit: ["status: 200", "status: ok"],
    at: "ok }",
    message: 'metric health: "status" can\'t be "ok"',
    hint: "for example 200",
  },
  // Durations
  "a duration in words": {
    edit: ["duration: 48h", "duration: 2 days"],
    at: "2 days",
    message: 'stage 2: "2 days" is not a duration',
    hint: "write 2d",
  },
  "a duration in minutes, spelt out": {
    edit: ["duration: 48h", "duration: 15 minutes"],
    at: "15 minutes",
    message: /not a duration/,
    hint: "write 15m",
  },
  "a range": {
    edit: ["duration: 48h", "duration: 15-30m"],
    at: "15-30m",
    message: 'stage 2: "15-30m" is not a duration',
    hint: /lower bound and `timeout` the upper/,
  },
  weeks: { edit: ["duration: 48h", "duration: 2 weeks"], at: "2 weeks", message: /not a duration/, hint: "write 14d" },
  "a number without a unit": {
    edit: ["duration: 48h", "duration: 48"],
    at: "48",
    message: 'stage 2: "duration" must be text, not 48',
    hint: "a duration needs a unit: 48s, 48m or 48h",
  },
  "a number without a unit, in quotes": {
    edit: ["duration: 48h", 'duration: "48"'],
    at: '"48"',
    message: /"48" is not a duration/,
    hint: "a duration needs a unit: 48s, 48m or 48h",
  },
  "units in the wrong order": {
    edit: ["duration: 48h", "duration: 30m1h"],
    at: "30m1h",
    message: /"30m1h" is not a duration/,
    hint: /1h30m/,
  },
  "a duration of years": {
    edit: ["duration: 48h", "duration: 9999d"],
    at: "9999d",
    message: /longer than a year/,
    hint: "the longest is 366d",
  },
  "an interval below a second": {
    edit: ["interval: 10s", "interval: 100ms"],
    at: "100ms",
    message: "metrics are sampled at most once a second",
    hint: /1s or more/,
  },
  "an interval of a day": {
    edit: ["interval: 10s", "interval: 1d"],
    at: "1d",
    message: /too seldom/,
    hint: /1h or less/,
  },
  "a timeout within the duration": {
    edit: ["timeout: 36h", "timeout: 12h"],
    at: "12h",
    message: "stage 1: timeout 12h must be above the duration (24h)",
    hint: /lasts its duration at least/,
  },
  "a lease in words": {
    edit: ["interval: 10s", "lease: none"],
    at: "none",
    message: '"none" is not a duration',
    hint: /or off$/,
  },
  "a lease that ends between two heartbeats": {
    edit: ["interval: 10s", "lease: 3s"],
    at: "3s",
    message: /runs out between two contacts/,
    hint: "write 10s or more, or off",
  },
  "a moment without a sign": {
    edit: ["on: [rollback, escalation], severity: [P0, P1]", "at: 2h"],
    at: "2h, to",
    message: /doesn't say|does not say whether it is before or after/,
    hint: "write +2h or -2h",
  },
  "a moment before completion": {
    edit: ["on: [rollback, escalation], severity: [P0, P1]", "at: -2h, from: completed"],
    at: "-2h",
    message: /nobody knows beforehand/,
    hint: /\+24h/,
  },
  // Percentages
  "percentages that fall": {
    edit: ["percentage: 25", "percentage: 4"],
    at: "4\n",
    message: "stage 2: percentage 4 must be above stage 1 (5)",
    hint: /a ramp only rises/,
  },
  "percentages that repeat": {
    edit: ["percentage: 25", "percentage: 5"],
    at: "5\n",
    nth: 0,
    message: "stage 2: percentage 5 must be above stage 1 (5)",
    hint: /a ramp only rises/,
  },
  "a percentage above 100": {
    edit: ["percentage: 100", "percentage: 101"],
    at: "101",
    message: 'stage 3: "percentage" must be at most 100, not 101',
    hint: /./,
  },
  "a percentage of nothing": {
    edit: ["percentage: 5", "percentage: 0"],
    at: "0, duration",
    message: "stage 1: percentage 0 exposes nobody",
    hint: /begins above 0/,
  },
  "a percentage that is too fine": {
    edit: ["percentage: 25", "percentage: 25.0001"],
    at: "25.0001",
    message: /more than three decimals/,
    hint: /write 25\.000/,
  },
  "a percentage in words": {
    edit: ["percentage: 25", "percentage: a quarter"],
    at: "a quarter",
    message: 'stage 2: "a quarter" is not a percentage',
    hint: /at most three decimals/,
  },
  "a holdback that eats the last stage": {
    edit: ["interval: 10s", "holdback: 80%"],
    at: "80%",
    message: "holdback 80 leaves the last stage at 20, not above the stage before (25)",
    hint: /holdback of 1/,
  },
  // Conditions
  "a metric that doesn't exist, in a criterion": {
    edit: ["p95 < 500ms", "p59 < 500ms"],
    at: '"p59 < 500ms"',
    message: 'stage 1, criterion 1: there is no metric "p59"',
    hint: 'did you mean "p95"?',
  },
  "a metric that doesn't exist, in a trigger": {
    edit: ["error_rate >= 5%", "eror_rate >= 5%"],
    at: '"eror_rate >= 5%"',
    message: 'trigger 1: there is no metric "eror_rate"',
    hint: 'did you mean "error_rate"?',
  },
  "a metric that is like none": {
    edit: ["error_rate >= 5%", "latency >= 5%"],
    at: '"latency >= 5%"',
    message: /there is no metric "latency"/,
    hint: /^the metrics are: error_rate, p95, health/,
  },
  "percent against seconds": {
    edit: ["p95 >= 1000ms", "p95 >= 5%"],
    at: '"p95 >= 5%"',
    message: "trigger 2: p95 is in seconds, and 5% is a percentage",
    hint: /write a time/,
  },
  "a time against a ratio": {
    edit: ["error_rate >= 5%", "error_rate >= 5s"],
    at: '"error_rate >= 5s"',
    message: "trigger 1: error_rate is a ratio, and 5s is a time",
    hint: /5%/,
  },
  "percent against a count": {
    edit: ["{ signal: support_tickets }", "{ signal: support_tickets, unit: count }"],
    at: '"tickets >= 7%"',
    message: /tickets is a count, and 7% is a percentage/,
    hint: /plain number/,
  },
  "a single equals sign": {
    edit: ["error_rate < 1%", "error_rate = 1%"],
    at: '"error_rate = 1%"',
    message: /is not a condition/,
    hint: 'write "error_rate == 1%"',
  },
  "a sign from a wiki page": {
    edit: ["error_rate >= 5%", "error_rate ≥ 5%"],
    at: '"error_rate ≥ 5%"',
    message: /is not a condition/,
    hint: 'write "error_rate >= 5%"',
  },
  "words for an operator": {
    edit: ["error_rate >= 5%", "error_rate above 5 percent"],
    at: '"error_rate above 5 percent"',
    message: /is not a condition/,
    hint: 'write "error_rate > 5%"',
  },
  "the time within the condition": {
    edit: ['error_rate >= 5%", for: 2m', 'error_rate >= 5% for 2m"'],
    at: '"error_rate >= 5% for 2m"',
    message: /not a value to compare with|is not a condition/,
    hint: 'write "error_rate >= 5%" and the time in a field of its own: for: 2m',
  },
  "a condition without a value": {
    edit: ["error_rate >= 5%", "error_rate >="],
    at: '"error_rate >="',
    message: /is not a condition/,
    hint: /a metric, an operator/,
  },
  "two conditions in one": {
    edit: ["error_rate >= 5%", "error_rate >= 5% and p95 > 1s"],
    at: '"error_rate >= 5% and p95 > 1s"',
    message: /not a value to compare with/,
    hint: /write a number/,
  },
  // One of several
  "a trigger that watches nothing": {
    edit: ['when: "error_rate >= 5%", for: 2m, ', ""],
    at: "{ name: errors, action",
    message: "trigger 1: what the trigger watches is missing",
    hint: "give one of when, promql, signal, compare",
  },
  "a trigger that watches two things": {
    edit: ["signal: security_incident", 'signal: security_incident, when: "p95 > 1s"'],
    at: "{ name: security",
    message: 'trigger 5: "when" and "signal" exclude each other',
    hint: /keep one of/,
  },
  "a metric from nowhere": {
    edit: ["tickets: { signal: support_tickets }", "tickets: { unit: count }"],
    at: "tickets: { unit",
    message: "metric tickets: where the metric comes from is missing",
    hint: "give one of prometheus, http, signal, sdk",
  },
  "a for beside a signal": {
    edit: ["signal: security_incident", "signal: security_incident, for: 2m"],
    at: "for: 2m, action: rollback, severity: P0 }\n    - { name: regression",
    message: /"for" means nothing beside signal/,
    hint: "take it out",
  },
  // Names
  "two stages of one name": {
    edit: ["name: quarter", "name: canary"],
    at: "canary\n",
    message: 'stage 2: stage "canary" is there already (stage 1)',
    hint: "each has a name of its own",
  },
  "two triggers of one name": {
    edit: ["name: slow", "name: errors"],
    at: 'errors, when: "p95',
    message: 'trigger 2: trigger "errors" is there already (trigger 1)',
    hint: "each has a name of its own",
  },
  "a name with spaces": {
    edit: ["name: quarter", "name: first quarter"],
    at: "first quarter",
    message: "stage 2: \"first quarter\" can't be a stage's name",
    hint: /write first-quarter$/,
  },
  "a metric called baseline": {
    edit: ["    adoption:", "    baseline: { signal: x }\n    adoption:"],
    at: "baseline: { signal",
    message: 'metric baseline: a metric can\'t be called "baseline"',
    hint: /stands for a metric's baseline/,
  },
  "a flag key with spaces": {
    edit: ["flag: sliceB_documents", "flag: slice B"],
    at: "slice B",
    message: "\"slice B\" can't be a flag's key",
    hint: /letters, digits/,
  },
  "two checklist items of one text": {
    edit: ['checklist: ["User feedback neutral or positive"]', "checklist: [Look, Look]"],
    at: "Look]",
    message: "stage 2, checklist item 2: this is the same as item 1",
    hint: /told apart by their texts/,
  },
  "a stage that a rule names and that isn't there": {
    edit: ["on: [rollback, escalation]", "on: stage, stages: [quater]"],
    at: "quater",
    message: 'notify rule 1: there is no stage "quater"',
    hint: 'did you mean "quarter"?',
  },
  // Windows
  "a time zone that doesn't exist": {
    edit: ["timezone: UTC", "timezone: Europe/Istambul"],
    at: "Europe/Istambul",
    message: 'window: "Europe/Istambul" is not a time zone',
    hint: /did you mean "Europe\/Istanbul"/,
  },
  "an hour that doesn't exist": {
    edit: ['to: "04:00"', 'to: "25:00"'],
    at: '"25:00"',
    message: 'window: "25:00" is not a time of day',
    hint: /"00:00" to "23:59"/,
  },
  "midnight as 24:00": {
    edit: ['to: "04:00"', 'to: "24:00"'],
    at: '"24:00"',
    message: /not a time of day/,
    hint: 'write "00:00"',
  },
  "a time with pm": {
    edit: ['from: "02:00"', 'from: "2pm"'],
    at: '"2pm"',
    message: /not a time of day/,
    hint: 'write "14:00"',
  },
  "a window of no length": {
    edit: ['to: "04:00"', 'to: "02:00"'],
    at: '"02:00"',
    nth: 1,
    message: "window: the window closes when it opens",
    hint: /leave the window out/,
  },
  "a weekday in another language": {
    edit: ["timezone: UTC }", "timezone: UTC, days: [lundi] }"],
    at: "lundi",
    message: /"lundi"/,
    hint: /mon, tue/,
  },
  // Queries, urls, headers
  "a bracket that isn't closed": {
    edit: ["by (le))' }", "by (le)' }"],
    at: "'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[2m])) by (le)'",
    message: "metric p95: the query lacks a )",
    hint: "check its brackets",
  },
  "a variable in a query": {
    edit: ["[2m])) by (le))'", "[${RANGE}])) by (le))'"],
    at: "'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[${RANGE}])) by (le))'",
    message: "metric p95: a query holds no variables",
    hint: /urls and headers only/,
  },
  "an alert's for in a query": {
    edit: ["by (le))' }", "by (le)) > 1 for 3m' }"],
    at: "'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[2m])) by (le)) > 1 for 3m'",
    message: 'metric p95: "for 3m" is no PromQL',
    hint: /for: 3m/,
  },
  "a url without a scheme": {
    edit: ["https://portal.example/v1/health", "portal.example/v1/health"],
    at: '"portal.example/v1/health"',
    message: "metric health: this is not a URL",
    hint: /https:\/\//,
  },
  "a url of a file": {
    edit: ["https://portal.example/v1/health", "file:///etc/passwd"],
    at: '"file:///etc/passwd"',
    message: "metric health: the URL's scheme is file:",
    hint: "http: and https: are called, nothing else",
  },
  "a variable that isn't set": {
    edit: ["Bearer ${HEALTH_TOKEN}", "Bearer ${HEALTH_TOKN}"],
    at: '"Bearer ${HEALTH_TOKN}"',
    message: "metric health: the variable HEALTH_TOKN is not set on the server",
    hint: /set HEALTH_TOKN in the server's environment/,
    options: { variables: (name) => (name === "PROMETHEUS_URL" ? "http://prometheus:9090" : undefined) },
  },
  "a variable without its closing brace": {
    edit: ["${HEALTH_TOKEN}", "${HEALTH_TOKEN"],
    at: '"Bearer ${HEALTH_TOKEN"',
    message: "metric health: a variable has no closing brace",
    hint: "write ${NAME}",
  },
  "a header of the connection": {
    edit: ["headers: { authorization:", "headers: { host:"],
    at: "host:",
    message: "metric health: the header host is set by the connection",
    hint: "take it out",
  },
  "a JSON pointer with dots": {
    edit: ["expect: { status: 200 }", "expect: { body: { pointer: data.status, equals: ok } }"],
    at: "data.status",
    message: 'metric health: "data.status" is not a JSON pointer',
    hint: 'write "/data/status"',
  },
  // Comparisons
  "a comparison of a metric that knows no cohorts": {
    edit: ["metric: upload_errors", "metric: error_rate"],
    at: "error_rate, worseBy",
    message: 'trigger 6: "error_rate" can\'t be compared by cohort',
    hint: /sdk: \{ measure: error_rate \}/,
  },
  "a comparison of a metric that doesn't exist": {
    edit: ["metric: upload_errors", "metric: upload_error"],
    at: "upload_error, worseBy",
    message: 'trigger 6: there is no metric "upload_error"',
    hint: 'did you mean "upload_errors"?',
  },
  "a margin without its sign": {
    edit: ["worseBy: 25%", 'worseBy: "25"'],
    at: '"25"',
    message: /"25" is not a margin/,
    hint: /25%/,
  },
  "a short comparison for a criterion in a trigger": {
    edit: ["compare: { metric: upload_errors, worseBy: 25%, alpha: 0.005 }", "compare: upload_errors within 25%"],
    at: "upload_errors within 25%",
    message: /does not fit here/,
    hint: 'write "upload_errors worse by 25%"',
  },
  // The rest
  "a signoff on no day": {
    edit: ["change: {", 'signoffs: [{ item: Review, on: "2025-02-30" }], change: {'],
    at: '"2025-02-30"',
    message: 'signoff 1: "2025-02-30" is not a day',
    hint: /YYYY-MM-DD/,
  },
  "a verification of nothing": {
    edit: ['criteria: [{ require: "error_rate < 1%" }] }', "criteria: [] }"],
    at: "[] }",
    message: "rollback, verify: there is nothing to verify",
    hint: /name what recovery is/,
  },
  "a traffic that is no rate": {
    edit: ["interval: 10s", "traffic: lots"],
    at: "lots",
    message: '"lots" is not a rate',
    hint: /15\/s/,
  },
  "an alias of nothing": {
    edit: ["interval: 10s", "interval: *fast"],
    at: "*fast",
    message: /\*fast stands for nothing/,
    hint: /&fast/,
  },
  infinity: {
    edit: ["percentage: 25", "percentage: .inf"],
    at: ".inf",
    message: /not a number that can be compared/,
    hint: "write a finite number",
  },
  // Not YAML at all
  "a tab": {
    edit: ["  interval: 10s", "\tinterval: 10s"],
    at: "\tinterval",
    message: "a tab is used for indentation",
    hint: "YAML is indented with spaces",
  },
  "a colon in a text": {
    edit: ['title: "Phase 9: production canary"', "title: Phase 9: production canary"],
    at: "Phase 9",
    message: /^this is not YAML/,
    hint: /quotes/,
  },
  "two documents": {
    edit: ["metadata:", "---\nmetadata:"],
    at: "---",
    message: "the file holds several documents",
    hint: "one file is one plan: take out the line ---",
  },
  "a tag": {
    edit: ["interval: 10s", "interval: !duration 10s"],
    at: "!duration",
    message: /unresolved tag/,
    hint: /plans use no YAML tags/,
  },
  "brackets in a bare text": {
    edit: [
      "query: 'histogram_quantile(0.95, sum(rate(http_request_duration_seconds_bucket[2m])) by (le))'",
      "query: sum(rate(x[2m]))",
    ],
    at: "[2m])) }, unit",
    message: /^this is not YAML/,
    hint: /needs quotes/,
  },
};

describe("a broken plan is told", () => {
  it.each(Object.entries(BROKEN))("%s", (name, { edit, at, nth = 0, message, hint, path, options }) => {
    // One case breaks the metric's unit and shows it at the condition.
    const base =
      name === "percent against a count" ? SAMPLE.replace("tickets >= baseline + 25%", "tickets >= 7%") : SAMPLE;
    expect(base).toContain(edit[0]);
    const text = base.replace(edit[0], () => edit[1]);
    const result = parsePlan(text, options);
    if (result.ok) throw new Error("it was accepted");
    const [first] = result.problems;
    expect(first?.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(first?.hint).toEqual(typeof hint === "string" ? hint : expect.stringMatching(hint));
    expect({ line: first?.line, column: first?.column }).toEqual(placeOfText(text, at ?? edit[1], nth));
    if (path !== undefined) expect(first?.path).toBe(path);
    expect(result.problems).toHaveLength(1);
  });

  it("all mistakes at once, in the order of the text", () => {
    const text = SAMPLE.replace("interval: 10s", "interval: ten")
      .replace("percentage: 25", "percentage: 4")
      .replace("p95 < 500ms", "p59 < 500ms")
      .replace("role: engineering-lead", "rol: engineering-lead")
      .replace("error_rate < 1%", "error_rate <> 1%");
    const result = parsePlan(text);
    expect(result.ok ? [] : result.problems.map((problem) => problem.line)).toEqual([7, 28, 30, 34, 37]);
  });

  it("without the text of headers and urls, which may hold secrets", () => {
    const text = SAMPLE.replace('"Bearer ${HEALTH_TOKEN}"', "4711").replace(
      "https://portal.example/v1/health",
      "ftp://user:hunter2@portal.example",
    );
    const result = parsePlan(text);
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toMatch(/4711|hunter2/);
  });

  it("at most a hundred times, with the number of those left out", () => {
    const unknown = Array.from({ length: 150 }, (_, index) => `  field${index}x: 1`).join("\n");
    const result = parsePlan(SAMPLE.replace("spec:\n", `spec:\n${unknown}\n`));
    expect(result.ok ? [] : result.problems).toHaveLength(101);
    expect(result.ok ? "" : result.problems.at(-1)?.message).toBe("50 more problems are not shown");
  });
});

function placeOfText(text: string, wanted: string, nth: number): { readonly line: number; readonly column: number } {
  let offset = text.indexOf(wanted);
  for (let count = 0; count < nth; count++) offset = text.indexOf(wanted, offset + 1);
  if (offset < 0) throw new Error(`the test points at ${JSON.stringify(wanted)}, which isn't there`);
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
