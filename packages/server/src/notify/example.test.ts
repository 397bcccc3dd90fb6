import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parsePlan } from "../domain/plan/parse.ts";
import { PLACEHOLDERS } from "../domain/plan/grammar/placeholders.ts";
import { TRIES_MAX } from "./back-off.ts";
import { readChannels } from "./channels-file.ts";

const ROOT = new URL("../../../../", import.meta.url);
const fileOf = (path: string): string => readFileSync(fileURLToPath(new URL(path, ROOT)), "utf8");

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const VARIABLES: Readonly<Record<string, string>> = {
  SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/x",
  WEBHOOK_SECRET: SECRET,
  SMTP_URL: "smtps://mail.example",
};
const variable = (name: string): string =>
  VARIABLES[name] ?? (name.endsWith("_URL") ? "https://hooks.slack.com/services/y" : "value");

describe("the example of a channels file", () => {
  const read = readChannels(fileOf("examples/channels.yaml"), variable);

  it("has a channel of every kind", () => {
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const types = [...read.channels.values()].map(({ type }) => type);
    expect([...new Set(types)]).toEqual(["slack", "pagerduty", "webhook", "email", "statuspage", "otlp"]);
  });

  it.each(readdirSync(fileURLToPath(new URL("examples/plans", ROOT))).filter((name) => name.endsWith(".yaml")))(
    "has every channel that %s names",
    (name) => {
      const parsed = parsePlan(fileOf(`examples/plans/${name}`));
      if (!parsed.ok || !read.ok) throw new Error("an example can't be read");
      const { notify, escalation } = parsed.plan;
      const named = [...notify, ...escalation].flatMap(({ to }) => to);
      expect(named.length).toBeGreaterThan(0);
      expect(named.filter((channel) => channel !== "log" && !read.channels.has(channel))).toEqual([]);
    },
  );
});

describe("the page about notifications", () => {
  it("has every placeholder of the code", () => {
    const page = fileOf("docs/notifications.md");
    for (const [name, meaning] of Object.entries(PLACEHOLDERS))
      expect(page).toContain(`| \`{{${name}}}\` | ${meaning} |`);
  });

  it("has the number of tries of the code", () => {
    expect(fileOf("docs/notifications.md")).toContain(`; ${TRIES_MAX} tries in all`);
  });
});
