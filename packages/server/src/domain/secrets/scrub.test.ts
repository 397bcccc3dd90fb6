import { describe, expect, it } from "vitest";
import { foreignMessage, keptAnswer } from "./answer.ts";
import { parsePlan } from "../plan/parse.ts";
import { scrubPlanText, scrubQuery } from "./plan-text.ts";
import { KnownSecrets, scrubPatterns } from "./scrub.ts";

describe("what looks like a secret", () => {
  it.each([
    ["authorization: Bearer abcDEF123456", "authorization: Bearer [secret]"],
    ['{"authorization":"Bearer abcDEF123456"}', '{"authorization":"[secret]"}'],
    ["https://anna:hunter2@host/path", "https://[secret]@host/path"],
    ["GET https://host/health?key=abc&x=1 failed", "GET https://host/health?[secret] failed"],
    ['up{api_token="abc def"}', 'up{api_token="[secret]"}'],
    [JSON.stringify({ err: 'up{api_token="abc def"}' }), JSON.stringify({ err: 'up{api_token="[secret]"}' })],
    ["password=abc123, next", "password=[secret], next"],
    ["the key is ghp_abcdefghij0123456789", "the key is [secret]"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_DEF", "[secret]"],
    ["rmp_admin_all_c2VjcmV0c2VjcmV0", "rmp_admin_all_[secret]"],
    ["-----BEGIN PRIVATE KEY-----\nMIIabc\n-----END PRIVATE KEY-----", "[secret]"],
  ])("is taken out of %s", (text, left) => {
    expect(scrubPatterns(text)).toBe(left);
  });

  it.each([
    'headers: { authorization: "Bearer ${HEALTH_TOKEN}" }',
    "token:0123456789ab (first administrator)",
    '{"actor":"token:0123456789ab (anna)","tokenId":"0123456789ab"}',
    "sum(rate(ai_token_errors_total[5m])) >= 5%",
    "ai_token_error_rate < 2%",
    "rollout of CHG-2025100601, digest 3f1c0d9b6a7e4f2d8c5b1a0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a3f2e1d0c",
    "https://grafana.example.com/d/portal-api",
  ])("is not seen where there is none: %s", (text) => {
    expect(scrubPatterns(text)).toBe(text);
  });

  it("takes no longer than a moment for a long text", () => {
    for (const text of ["token".repeat(40_000), "a.".repeat(100_000), "http://".repeat(30_000)])
      expect(scrubPatterns(text).length).toBeGreaterThan(0);
  });
});

describe("the values of variables", () => {
  it("become their names, also where they are encoded or quoted", () => {
    const known = new KnownSecrets();
    known.note("HEALTH_TOKEN", 'se"cr/et 42');
    expect(known.scrub('a se"cr/et 42 b')).toBe("a ${HEALTH_TOKEN} b");
    expect(known.scrub(JSON.stringify({ a: 'se"cr/et 42' }))).toBe('{"a":"${HEALTH_TOKEN}"}');
    expect(known.scrub("?a=se%22cr%2Fet%2042")).toBe("?a=${HEALTH_TOKEN}");
  });

  it("that are plain words or a few letters are left alone: they are in every text", () => {
    const known = new KnownSecrets();
    known.note("ENVIRONMENT", "production");
    known.note("N", "5");
    expect(known.scrub("5 in production")).toBe("5 in production");
  });
});

describe("a source's answer", () => {
  it("is kept as it came when it is Prometheus's to a good query", () => {
    const raw =
      '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1767578400.1,"0.061"]}]}}';
    expect(keptAnswer(raw)).toBe(raw);
  });

  it("is kept without the texts that it holds, but for well-known words", () => {
    expect(keptAnswer('200 {"status":"unhealthy","version":"1.0.0","echo":"abc","id42":1}')).toBe(
      '200 {"status":"unhealthy","version":"[…]","echo":"[…]","[…]":1}',
    );
    expect(keptAnswer("503 Service abc")).toBe("503 […]");
    expect(keptAnswer("200 ok")).toBe("200 ok");
    expect(keptAnswer("")).toBe("");
  });

  it("stays bounded", () => {
    expect(keptAnswer(JSON.stringify(Array.from({ length: 5000 }, (_, i) => i))).length).toBeLessThan(2000);
    expect(keptAnswer(`${"[".repeat(500)}1${"]".repeat(500)}`).length).toBeLessThan(100);
  });

  it("that is an error keeps the words of the query as it is shown anyway, and Prometheus's own kinds of errors", () => {
    const text = 'invalid parameter "query": 1:1: parse error: unknown function with name "sum_over"';
    expect(foreignMessage(text, "sum_over(errors)")).toBe(
      'invalid parameter "[…]": 1:1: parse error: unknown function with name "sum_over"',
    );
    expect(foreignMessage(text)).not.toContain("sum_over");
    expect(foreignMessage('unexpected "s3cr3t" at http_requests_total', 'http_requests_total{token="[secret]"}')).toBe(
      'unexpected "[…]" at http_requests_total',
    );
    expect(foreignMessage("bad_data")).toBe("bad_data");
  });

  it("that is an error keeps its plain words", () => {
    expect(foreignMessage('invalid parameter "query": 1:5: parse error: unexpected identifier "hunter2"')).toBe(
      'invalid parameter "[…]": 1:5: parse error: unexpected identifier "[…]"',
    );
    expect(foreignMessage("connect ECONNREFUSED 127.0.0.1:9090 for s3cr3t_token")).toBe(
      "connect ECONNREFUSED 127.0.0.1:9090 for […]",
    );
  });
});

describe("a plan's text", () => {
  it("loses the literals of headers and query strings, and nothing that only looks like them", () => {
    const text = plan(
      `{ http: { url: "https://host/health?key=abcd", headers: { x-tenant: prod, accept: text/plain } } }`,
    );
    const parsed = parsePlan(text);
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    const left = scrubPlanText(parsed.plan, text, scrubPatterns);
    expect(left).toContain("environment: production");
    expect(left).toContain('"https://host/health?[secret]", headers: { x-tenant: [secret], accept: text/plain }');
  });

  it("that holds variables in place of secrets stays as it came", () => {
    const text = plan(
      `{ http: { url: "\${URL}/health?key=\${KEY}", headers: { authorization: "Bearer \${TOKEN}" } } }`,
    );
    const parsed = parsePlan(text);
    if (!parsed.ok) throw new Error(parsed.problems[0]?.message);
    expect(scrubPlanText(parsed.plan, text, scrubPatterns)).toBe(text);
  });
});

const plan = (metric: string): string => `
apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: checkout }
spec:
  flag: checkout
  environment: production
  metrics:
    health: ${metric}
  triggers: [ { name: health, when: "health < 90%", action: rollback } ]
  stages: [ { name: full, percentage: 100, duration: 1h } ]
`;

describe("a query", () => {
  it("keeps the labels by which series are told apart, and no others", () => {
    expect(scrubQuery('sum(rate(http_requests_total{status=~"5..", job="api-7", path="/v1/files"}[5m]))')).toBe(
      'sum(rate(http_requests_total{status=~"5..", job="api-7", path="/v1/files"}[5m]))',
    );
    expect(scrubQuery(`up{user="u-4711", job='9f86d081884c7d659a2feaa0c55ad015'}`)).toBe(
      `up{user="[secret]", job='[secret]'}`,
    );
  });
});
