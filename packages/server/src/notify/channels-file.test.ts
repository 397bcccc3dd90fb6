import { describe, expect, it } from "vitest";
import { readChannels } from "./channels-file.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const ENV: Readonly<Record<string, string>> = {
  SLACK_URL: "https://hooks.example/T0/B0/s3cr3t",
  PD_KEY: "r0utingk3y",
  HOOK_SECRET: SECRET,
  SMTP_PASSWORD: "p4ssw0rd",
};
const read = (file: string) => readChannels(file, (name) => ENV[name]);
const problemsOf = (file: string): readonly string[] => {
  const result = read(file);
  return result.ok ? [] : result.problems.map(({ where, detail }) => `${where} ${detail}`);
};

describe("a channels file", () => {
  it("names channels of every kind, with variables for what is secret", () => {
    const result = read(`
eng-slack: { type: slack, url: "\${SLACK_URL}" }
oncall: { type: pagerduty, routingKey: "\${PD_KEY}" }
hook: { type: webhook, url: https://hook.example/in, secret: "\${HOOK_SECRET}" }
rotating: { type: webhook, url: https://hook.example/in, secret: ["\${HOOK_SECRET}", ${SECRET}] }
page: { type: statuspage, page: abc, apiKey: key }
mail: { type: email, url: "smtp://me:\${SMTP_PASSWORD}@mail.example:587", from: "Rampart <rampart@team.example>", to: [a@b.example, c@d.example] }
otel: { type: otlp, url: "http://collector:4318/v1/logs", header: "x-api-key: \${PD_KEY}" }
plain: { type: otlp, url: "http://collector:4318/v1/logs" }
`);
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    expect(Object.fromEntries(result.channels)).toMatchObject({
      "eng-slack": { url: "https://hooks.example/T0/B0/s3cr3t" },
      oncall: { routingKey: "r0utingk3y", url: "https://events.pagerduty.com" },
      hook: { secrets: [SECRET] },
      rotating: { secrets: [SECRET, SECRET] },
      page: { url: "https://api.statuspage.io", title: "A recent change was taken back" },
      otel: { headers: ["x-api-key: r0utingk3y"] },
      plain: { headers: [] },
      mail: { url: "smtp://me:p4ssw0rd@mail.example:587", to: ["a@b.example", "c@d.example"] },
    });
  });

  it("may be JSON", () => {
    expect(read(`{"a": {"type": "slack", "url": "https://hooks.example/a"}}`)).toMatchObject({ ok: true });
  });

  it("is told everything that is wrong with it at once", () => {
    expect(
      problemsOf(`
log: { type: slack, url: https://a.example }
"a b": { type: slack, url: https://a.example }
one: { type: slak, url: https://a.example }
two: { type: slack }
three: { type: slack, url: "\${NOT_SET}" }
four: { type: webhook, url: https://a.example, secret: short }
five: { type: email, url: mail.example, from: nobody, to: [] }
six: { type: slack, url: https://a.example, colour: red }
`),
    ).toEqual([
      "log is the server's own log already; leave it out",
      `"a b" is no name: use up to 64 letters, digits, dots, - and _`,
      "one.type needs a type: log, slack, pagerduty, webhook, statuspage, email or otlp",
      "two.url needs a text",
      "three.url ${NOT_SET} is not set",
      "four.secret.0 is no secret like whsec_…, 24 to 64 random bytes in base64",
      "five.url is no address like smtp://user:password@mail.example:587 or smtps://mail.example",
      "five.from is no mail address",
      "five.to names none",
      `six Unrecognized key: "colour"`,
    ]);
  });

  it("tells where it is no YAML, and shows none of it", () => {
    const [problem = ""] = problemsOf('a: { type: slack, url: "https://hooks.example/s3cr3t }');
    expect(problem).toMatch(/^line \d+ /);
    expect(problem).not.toContain("s3cr3t");
    expect(problemsOf("a: { type: log }\na: { type: log }")).toEqual(["line 2 says the same twice"]);
    expect(problemsOf("[]")).toEqual(["the file must map names of channels to their settings"]);
  });

  it("keeps every value to itself when it refuses it", () => {
    const secrets = ["s3cr3t value", "http://me:s3cr3t@a.example", "ftp://s3cr3t.example", "s3cr3t\\nheader: x"];
    for (const secret of secrets) {
      const value = JSON.stringify(secret);
      const file = `
a: { type: slack, url: ${value} }
b: { type: pagerduty, routingKey: ${value}, url: ${value} }
c: { type: webhook, url: ${value}, secret: ${value} }
d: { type: email, url: ${value}, from: ${value}, to: ${value} }
e: { type: statuspage, page: x, apiKey: ${value} }
f: { type: ${value} }`;
      const problems = problemsOf(file);
      expect(problems.length).toBeGreaterThanOrEqual(5);
      expect(problems.join("\n")).not.toContain("s3cr3t");
    }
  });
});
