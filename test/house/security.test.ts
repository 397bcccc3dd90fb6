/** Every security rule names the test that holds it, and that test is there. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const rules = [
  ...readFileSync(`${ROOT}SECURITY.md`, "utf8").matchAll(/^\| (.+?) \| ([\w./-]+\.test\.ts): (.+) \|$/gm),
].map(([, rule = "", file = "", title = ""]) => ({
  rule,
  file: /^(packages|test)\//.test(file) ? file : `packages/server/src/${file}`,
  title,
}));

it("each security rule is held by a test that there is", () => {
  expect(rules.length).toBeGreaterThan(50);
  for (const { rule, file, title } of rules) {
    const titles = [...readFileSync(ROOT + file, "utf8").matchAll(/["`]((?:[^"`\\\n]|\\.)+)/g)].map(
      ([, text = ""]) => text,
    );
    expect([rule, file, titles.some((text) => text.startsWith(title))]).toEqual([rule, file, true]);
  }
});

it("no rule stands without a test", () => {
  const [, table = ""] = readFileSync(`${ROOT}SECURITY.md`, "utf8").split("## Rules, and the tests that hold them");
  const rows = [...table.matchAll(/^\| (?!rule \||---)/gm)];
  expect(rows).toHaveLength(rules.length);
});

it("of the changes that were tried in the guards and in egress, the tests noticed nine in ten at least", () => {
  const page = readFileSync(`${ROOT}docs/mutation.md`, "utf8");
  const [, score = "0"] = /^\| \*\*all\*\* \| ([\d.]+) % \|/m.exec(page) ?? [];
  expect(Number(score)).toBeGreaterThanOrEqual(90);
});
