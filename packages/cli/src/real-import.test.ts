/** `rampart import` and `rampart export` against a real server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExplainedEvaluation, FlagConfigView } from "@rampart/core";
import { loadConfig, startServer, type RunningServer } from "@rampart/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rampart as run, type FakeOptions, type Outcome } from "./testing/fake-io.ts";

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rampart-import-"));
  const loaded = loadConfig(["--port=0", `--data-dir=${join(folder, "data")}`, "--log-level=silent"], {});
  if (loaded.kind === "invalid") throw new Error(JSON.stringify(loaded.errors));
  server = await startServer(loaded.config);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function rampart(line: string, options: FakeOptions = {}): Promise<Outcome> {
  const env = { RAMPART_URL: server.url, RAMPART_TOKEN: server.firstTokens?.admin ?? "" };
  return run(line.split(" "), { ...options, env: { ...env, ...options.env } });
}

interface Result {
  readonly format: string;
  readonly segments: readonly { readonly key: string; readonly step: string }[];
  readonly flags: readonly {
    readonly key: string;
    readonly step: string;
    readonly why?: string;
    readonly findings: readonly object[];
  }[];
  readonly failed?: readonly { readonly key: string; readonly code: string }[];
}

async function steps(line: string): Promise<Readonly<Record<string, string>>> {
  const { code, stdout, stderr } = await rampart(`${line} --json`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const { segments, flags } = JSON.parse(stdout) as Result;
  return Object.fromEntries([...segments, ...flags].map(({ key, step }) => [key, step]));
}

async function ask(flag: string, user: string, ...options: readonly string[]): Promise<unknown> {
  const { stdout } = await rampart(["eval", flag, user, "--json", ...options].join(" "));
  return (JSON.parse(stdout) as ExplainedEvaluation).value;
}

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const unleash = {
  version: 2,
  features: [
    {
      name: "new-checkout",
      enabled: true,
      dependencies: [{ feature: "shop" }],
      strategies: [
        {
          name: "default",
          parameters: {},
          constraints: [{ contextName: "country", operator: "NOT_IN", values: ["us"], inverted: false }],
          segments: [1],
        },
        {
          name: "flexibleRollout",
          parameters: { rollout: "25", stickiness: "userId", groupId: "new-checkout" },
          constraints: [],
        },
      ],
    },
    { name: "shop", enabled: true, strategies: [{ name: "default", parameters: {}, constraints: [] }] },
    {
      name: "by-night",
      enabled: true,
      strategies: [
        {
          name: "default",
          parameters: {},
          constraints: [{ contextName: "currentTime", operator: "DATE_AFTER", value: "2026-01-01T00:00:00Z" }],
        },
      ],
    },
  ],
  segments: [{ id: 1, name: "testers", constraints: [{ contextName: "plan", operator: "IN", values: ["pro"] }] }],
};

describe("an import", () => {
  it("only shows what it would do, until it is told to do it", async () => {
    const path = file("unleash.json", unleash);
    const shown = await rampart(`import ${path}`);
    expect(shown).toMatchObject({ code: 0, stderr: "nothing was written; do it: add --apply\n" });
    expect(shown.stdout).toContain("create    flag new-checkout  1 rule, otherwise 25 %");
    expect(shown.stdout).toContain("cannot    flag by-night");
    expect(shown.stdout).toContain("lost /features/2/strategies/0/constraints/0");
    expect(shown.stdout).toContain("who is in them does not");
    expect((await rampart("flags list")).stdout).toBe("");
  });

  it("makes flags and what they need, and has nothing to do the second time", async () => {
    const path = join(folder, "unleash.json");
    const made = await steps(`import ${path} --apply`);
    expect(made).toMatchObject({ testers: "create", shop: "create", "new-checkout": "create", "by-night": "cannot" });
    const again = await steps(`import ${path} --apply`);
    expect(new Set(Object.values(again))).toEqual(new Set(["unchanged", "cannot"]));
    expect(await ask("new-checkout", "ann", "--attr plan=pro --attr country=de")).toBe(true);
    expect(await ask("new-checkout", "ann", "--attr plan=pro")).toBe(true);
    expect((await rampart("flags list -e production")).stdout).not.toContain("by-night");
  });

  it("sets flags up in an environment where nobody did yet, and leaves the others alone", async () => {
    const path = join(folder, "unleash.json");
    expect(await ask("shop", "ann", "-e staging")).toBe(false);
    expect(await steps(`import ${path} --apply -e staging --only shop`)).toEqual({ shop: "configure" });
    expect(await ask("shop", "ann", "-e staging")).toBe(true);
    expect(await ask("new-checkout", "ann", "-e staging --attr plan=pro")).toBe(false);
  });

  it("leaves what is there otherwise, and what needs it, until it is told to replace it", async () => {
    expect((await rampart("flags set shop 10")).code).toBe(0);
    expect((await rampart("flags set new-checkout 1 --target bob=off")).code).toBe(0);
    const path = join(folder, "unleash.json");
    expect(await steps(`import ${path} --apply`)).toMatchObject({ shop: "differs", "new-checkout": "cannot" });
    const shown = await rampart(`import ${path} --replace`);
    expect(shown.stdout).toContain('fallthrough: here {"percentage":10}, in the file {"percentage":100}');
    expect(await steps(`import ${path} --apply --replace`)).toMatchObject({
      shop: "replace",
      "new-checkout": "replace",
    });
    const { stdout } = await rampart("flags get new-checkout -e production --json");
    expect(JSON.parse(stdout) as FlagConfigView).toMatchObject({ targets: {}, fallthrough: { percentage: 25 } });
    expect(await steps(`import ${path} --apply`)).toMatchObject({ shop: "unchanged", "new-checkout": "unchanged" });
  });

  it("never switches on what was killed here", async () => {
    const path = join(folder, "unleash.json");
    expect((await rampart("flags kill shop")).code).toBe(0);
    expect(await steps(`import ${path} --apply --replace`)).toMatchObject({ shop: "cannot", "new-checkout": "cannot" });
    expect(await ask("shop", "ann")).toBe(false);
    expect((await rampart("flags restore shop")).code).toBe(0);
  });

  it("keeps the segments of environments apart by a prefix", async () => {
    const other = structuredClone(unleash);
    other.segments = [
      { id: 1, name: "testers", constraints: [{ contextName: "plan", operator: "IN", values: ["free"] }] },
    ];
    const path = file("staging.json", other);
    expect(await steps(`import ${path} -e staging`)).toMatchObject({ testers: "differs", "new-checkout": "cannot" });
    const kept = await steps(`import ${path} -e staging --segment-prefix staging- --apply`);
    expect(kept).toMatchObject({ "staging-testers": "create", "new-checkout": "configure" });
  });

  it("tells what the server refused, and goes on with the rest", async () => {
    const plain = (name: string) => ({ name, enabled: true, strategies: [] });
    expect((await rampart("flags create gone")).code).toBe(0);
    expect((await rampart("flags archive gone --yes")).code).toBe(0);
    const path = file("two.json", { version: 2, features: [plain("gone"), plain("here")] });
    const { code, stdout } = await rampart(`import ${path} --apply --json`);
    expect(code).toBe(1);
    expect((JSON.parse(stdout) as Result).failed).toMatchObject([{ key: "gone", code: "FLAG_DELETED" }]);
    expect(await ask("here", "ann")).toBe(true);
  });
});

describe("an export", () => {
  it("goes into another environment, and is the same there", async () => {
    expect(
      (await rampart("flags create banner --type string --variant plain=a --variant loud=b --owner shop")).code,
    ).toBe(0);
    expect((await rampart("flags set banner --variant loud --target ann=plain")).code).toBe(0);
    const { code, stdout } = await rampart("export");
    expect(code).toBe(0);
    const path = file("export.json", stdout);
    expect(await steps(`import ${path}`)).toMatchObject({
      banner: "unchanged",
      shop: "unchanged",
      "new-checkout": "unchanged",
    });
    expect(await steps(`import ${path} -e development --apply`)).toMatchObject({
      banner: "configure",
      shop: "configure",
    });
    const there = JSON.parse((await rampart("export -e development")).stdout) as { readonly flags: readonly object[] };
    const from = JSON.parse(stdout) as { readonly flags: readonly object[] };
    expect(there.flags).toEqual(from.flags);
    expect(await ask("banner", "bob", "-e development")).toBe("b");
  });
});

describe("a file that can't be imported", () => {
  it.each([
    ["nothing.json", "", "is empty"],
    ["cut.json", '{\n"flags": {\n"a": ', "cut.json:3:6 is not JSON: it ends too soon"],
    ["wrong.json", '{\n"flags": }\n', 'wrong.json:2:10 is not JSON from "}" on'],
    ["wrong.yaml", "flags:\n  a: [1\nb: 2\n", "wrong.yaml:3 is neither JSON nor YAML"],
    ["unknown.json", '{"a": 1}', "--from launchdarkly|unleash|flagd|growthbook|rampart"],
    ["none.json", '{"version": 2, "features": []}', "holds no flags of unleash"],
  ])("%s: says why and where", async (name, text, expected) => {
    const { code, stderr } = await rampart(`import ${file(name, text)}`);
    expect(code).toBe(2);
    expect(stderr).toContain(expected);
  });

  it("is one of several environments, none of which was chosen", async () => {
    const environments = {
      test: { on: true, fallthrough: { variation: 0 }, offVariation: 1 },
      production: { on: false, fallthrough: { variation: 0 }, offVariation: 1 },
    };
    const path = file("api.json", {
      items: [
        {
          key: "a",
          variations: [
            { _id: "1", value: true },
            { _id: "2", value: false },
          ],
          environments,
        },
      ],
    });
    expect(await rampart(`import ${path}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--source-environment: test, production") as string,
    });
    expect(await steps(`import ${path} --source-environment test`)).toEqual({ a: "create" });
  });

  it("is for an environment that is not there", async () => {
    expect(await rampart(`import ${join(folder, "unleash.json")} -e nowhere`)).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("development") as string,
    });
  });
});
