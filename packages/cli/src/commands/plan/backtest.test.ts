import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { BacktestView } from "@rampart/core";
import { fakeApi, problem } from "../../testing/fake-api.ts";
import { NOW, rampart, type FakeOptions } from "../../testing/fake-io.ts";

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: small }
spec:
  flag: checkout
  environment: production
  interval: 1m
  metrics:
    error_rate: { prometheus: { query: errors, url: "\${PROMETHEUS_URL}", headers: { authorization: "Bearer \${TOKEN}" } }, unit: ratio }
    tickets: { signal: tickets }
  triggers:
    - { name: errors, when: error_rate >= 5%, for: 2m, action: rollback }
    - { name: elevated, when: error_rate >= 2%, action: pause }
    - { name: tickets, when: tickets > 3, action: pause }
  stages:
    - { name: canary, percentage: 5, duration: 30m, timeout: 2h, criteria: [error_rate < 1%] }
    - { name: full, percentage: 100, duration: 1h, timeout: 2h, approvals: [ { role: lead } ] }
`;

const MINUTE = 60_000;
/** An hour and ten minutes before the tests' now, which is noon. */
const INCIDENT = NOW - 70 * MINUTE;
const incident = (at: number): number => (at >= INCIDENT && at < INCIDENT + 5 * MINUTE ? 0.08 : 0.003);
const calm = (): number => 0.003;

/** A Prometheus that knows one metric's past. */
async function prometheus(says: (at: number) => number, status = 200) {
  const seen: { authorization: string | undefined; url: string | undefined }[] = [];
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => void chunks.push(chunk));
    incoming.on("end", () => {
      seen.push({ authorization: incoming.headers.authorization, url: incoming.url });
      const asked = new URLSearchParams(Buffer.concat(chunks).toString());
      const [start = 0, end = 0, step = 1] = ["start", "end", "step"].map((name) => Number(asked.get(name)));
      const values: [number, string][] = [];
      for (let at = start; at <= end; at += step) values.push([at, String(says(at * 1000))]);
      const good = { status: "success", data: { resultType: "matrix", result: [{ metric: {}, values }] } };
      const bad = { status: "error", errorType: "bad_data", error: "unknown function" };
      outgoing.statusCode = status;
      outgoing.end(JSON.stringify(status === 200 ? good : bad));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

const backtest = (options: readonly string[], more: FakeOptions = {}) =>
  rampart(["plan", "backtest", "-", "--days", "1", ...options], { stdin: PLAN, ...more });

describe("plan backtest", () => {
  it("tells what would have happened: what comes of it, each firing, each rollout, and what is left out", async () => {
    const { url, seen } = await prometheus(incident);
    const { code, stdout, stderr } = await backtest([
      "--var",
      `PROMETHEUS_URL=${url}`,
      "--var",
      "TOKEN=s3cr3t",
      "--every",
      "12h",
    ]);
    expect(stderr).toBe("reading error_rate (1 of 1)\n");
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "small against 2026-01-04 12:00:00 to 2026-01-05 12:00:00 (UTC), sampled every 1m",
        "errors would have rolled back once in 24h. elevated would have paused once in 24h. Where nothing was ramped then, each of these is a false alarm or an incident of something else: look at what happened, and at the limit and its `for`. Of 2 rollouts of the plan in that time 2 would have been completed.",
        "",
        "trigger   action    fired  condition         for  true  unknown  longest  worst  stages",
        "errors    rollback  1      error_rate >= 5%  2m   0.3%  0%       4m       8%     canary, full",
        "elevated  pause     1      error_rate >= 2%  -    0.3%  0%       4m       8%     canary, full",
        "",
        "errors would have fired at  true since           true for  peak  limit",
        "2026-01-05 10:52:00         2026-01-05 10:50:00  4m        8%    5%",
        "",
        "elevated would have fired at  true since           true for  peak  limit",
        "2026-01-05 10:50:00           2026-01-05 10:50:00  4m        8%    2%",
        "",
        "criterion        held   for  true   unknown  longest  worst  stages",
        "error_rate < 1%  99.4%  2m   99.7%  0%       22h49m   8%     canary, full",
        "",
        "metric      samples  no data  several series  first                last",
        "error_rate  1,441    0%       0%              2026-01-04 12:00:00  2026-01-05 12:00:00",
        "",
        "rollout started at   outcome    after  stage  where it stands",
        "2026-01-04 12:00:00  completed  1h30m  full   Completed at 100 %.",
        "2026-01-05 00:00:00  completed  1h30m  full   Completed at 100 %.",
        "",
        "Left out: trigger tickets (tickets > 3): what was pushed as a signal is in no history.",
        "Note: taken for granted: every approval, at once.",
        "",
      ].join("\n"),
    );
    expect(seen[0]).toEqual({ authorization: "Bearer s3cr3t", url: "/api/v1/query_range" });
  });

  it("takes variables from the environment, and is one object with --json", async () => {
    const { url } = await prometheus(incident);
    const { code, stdout } = await backtest(["--json", "--stage", "full", "--start", "2026-01-05T10:45Z"], {
      env: { PROMETHEUS_URL: url, TOKEN: "t" },
    });
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as BacktestView;
    expect(report.triggers).toMatchObject([{ name: "errors", stages: ["full"], fired: 1 }, { name: "elevated" }]);
    expect(report.rollouts).toMatchObject([{ outcome: "rolledBack", at: "2026-01-05T10:52:00.000Z", stage: "canary" }]);
  });

  it("says that a longer step judges a `for` more coarsely", async () => {
    const { url } = await prometheus(incident);
    const { stdout } = await backtest(["--step", "5m"], { env: { PROMETHEUS_URL: url, TOKEN: "t" } });
    expect(stdout).toMatch(/^small against .*\nSampled every 5m where the plan says 1m: a `for` is judged/);
  });

  it("asks another server when one is named, and says how close it came when nothing fired", async () => {
    const { url } = await prometheus(calm);
    const env = { PROMETHEUS_URL: "http://nowhere.invalid", TOKEN: "t" };
    const { stdout } = await backtest(["--prometheus", url], { env });
    expect(stdout).toContain(
      "In 24h no trigger would have stopped a rollout; the closest was elevated, at 0.3% of 2%.",
    );
  });

  it("fails for CI where a trigger would have acted, and only there", async () => {
    const env = { PROMETHEUS_URL: (await prometheus(incident)).url, TOKEN: "t" };
    const { code, stderr } = await backtest(["--fail-on", "rollback"], { env });
    expect(code).toBe(1);
    expect(stderr).toContain("a rollout would have been taken back by trigger errors\n");
    const before = ["--to", "2026-01-05T10:00Z", "--fail-on", "pause"];
    expect((await backtest(before, { env })).code).toBe(0);
    expect((await backtest(["--fail-on", "pause"], { env })).stderr).toContain(
      "stopped by trigger errors, trigger elevated",
    );
  });

  it("names the metric, the query and the answer when the past can't be had", async () => {
    const env = { PROMETHEUS_URL: (await prometheus(calm, 400)).url, TOKEN: "t" };
    const { code, stderr } = await backtest([], { env });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /error_rate can't be read: the server answered 400: .*unknown function\n {2}asked: errors\n/,
    );
    const unset = await backtest([], { env: { TOKEN: "t" } });
    expect(unset.code).toBe(1);
    expect(unset.stderr).toContain("error_rate can't be read: ${PROMETHEUS_URL} is not set");
    expect(unset.stderr).toContain("--var NAME=value");
  });

  it("does not follow a redirect with the metric's headers", async () => {
    const target = await prometheus(calm);
    const redirecting = createServer((_, outgoing) => outgoing.writeHead(307, { location: target.url }).end());
    redirecting.listen(0, "127.0.0.1");
    await once(redirecting, "listening");
    onTestFinished(() => void redirecting.close());
    const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}`;
    const { code } = await backtest([], { env: { PROMETHEUS_URL: url, TOKEN: "t" } });
    expect(code).toBe(1);
    expect(target.seen).toEqual([]);
  });

  it("can be done by a server, which reaches the metrics", async () => {
    const { url } = await prometheus(incident);
    const { stdout } = await backtest(["--json"], { env: { PROMETHEUS_URL: url, TOKEN: "t" } });
    const api = await fakeApi({ "POST /api/v1/plans/backtest": { body: JSON.parse(stdout) as object } });
    const env = { RAMPART_URL: api.url };
    const { code, stdout: remote } = await backtest(["--on-server", "--step", "5m", "--every", "2h"], { env });
    expect(code).toBe(0);
    expect(remote).toContain("errors would have rolled back once in 24h.");
    expect(api.seen[0]?.body).toEqual({
      plan: PLAN,
      from: "2026-01-04T12:00:00.000Z",
      to: "2026-01-05T12:00:00.000Z",
      stepMs: 300_000,
      everyMs: 7_200_000,
    });
    const refusing = await fakeApi({ "POST /api/v1/plans/backtest": problem(502, "METRIC_UNREADABLE") });
    expect((await backtest(["--on-server"], { env: { RAMPART_URL: refusing.url } })).code).toBe(1);
    expect((await backtest(["--on-server", "--prometheus", url], { env })).code).toBe(2);
  });

  it("says what is wrong with the question", async () => {
    const env = { PROMETHEUS_URL: "http://nowhere.invalid", TOKEN: "t" };
    for (const [options, said] of [
      [["--days", "0"], '"0" is no number of days'],
      [["--to", "2030-01-01T00:00Z"], "what is to come has no history"],
      [["--from", "2030-01-01T00:00Z"], "let --from lie before now"],
      [
        ["--from", "2026-01-04T00:00Z", "--to", "2026-01-03T00:00Z"],
        "the time would begin at 2026-01-04T00:00:00.000Z, after",
      ],
      [["--from", "2026-01-05T11:59:59Z", "--to", "2026-01-05T11:59:59Z"], "there is no sampling between"],
      [["--every", "1h", "--start", "2026-01-05T00:00Z"], "two ways of saying when"],
      [["--stage", "canry"], "it has canary"],
      [["--step", "10s"], "shorter than the plan's interval"],
      [["--prometheus", "prometheus:9090"], "is no address"],
      [["--fail-on", "notify"], "allowed: rollback, pause"],
      [["--var", "TOKEN"], "name=value"],
    ] as const) {
      const { code, stderr } = await backtest(options, { env });
      expect([options, code]).toEqual([options, 2]);
      expect(stderr).toContain(said);
    }
    const invalid = await backtest([], { stdin: PLAN.replace("flag:", "flags:") });
    expect(invalid.code).toBe(1);
    expect(invalid.stdout).toContain('did you mean "flag"?');
  });
});
