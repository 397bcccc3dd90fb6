import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { TRIES_MAX } from "./back-off.ts";
import { readChannels } from "./channels-file.ts";

const ROOT = new URL("../../../../", import.meta.url);
const fileOf = (path: string): string => readFileSync(fileURLToPath(new URL(path, ROOT)), "utf8");

const SECRET = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
const VARIABLES: Readonly<Record<string, string>> = {
  SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/x",
  WEBHOOK_SECRET: SECRET,
};

describe("the example of a channels file", () => {
  const read = readChannels(fileOf("examples/channels.yaml"), (name) => VARIABLES[name] ?? "value");

  it("has a channel of every kind", () => {
    const types = read.ok ? [...read.channels.values()].map(({ type }) => type) : read.problems;
    expect(types).toEqual(["slack", "pagerduty", "webhook", "email", "statuspage"]);
  });
});

describe("the page about notifications", () => {
  it("has the number of tries of the code", () => {
    expect(fileOf("docs/notifications.md")).toContain(`; ${TRIES_MAX} tries in all`);
  });
});
