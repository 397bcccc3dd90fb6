/** The program against a real server with a real store: what the canned answers of the other tests claim. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  AuditEntry,
  ClientsView,
  CreatedToken,
  ExplainedEvaluation,
  FlagView,
  Page,
  RampView,
} from "@rampart/core";
import { loadConfig, startServer, type RunningServer } from "@rampart/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { rampart as run, type FakeOptions, type Outcome } from "./testing/fake-io.ts";

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "rampart-cli-real-"));
  const loaded = loadConfig(["--port=0", `--data-dir=${join(folder, "data")}`, "--log-level=silent"], {});
  if (loaded.kind === "invalid") throw new Error(JSON.stringify(loaded.errors));
  server = await startServer(loaded.config);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the program as the account that the first test logs in. */
function rampart(line: string, options: FakeOptions = {}): Promise<Outcome> {
  return run(line.split(" "), { ...options, env: { XDG_CONFIG_HOME: folder, ...options.env } });
}

async function json<T>(line: string, options: FakeOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await rampart(`${line} --json`, options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

describe("a first session", () => {
  it("logs in with the token that the first start made", async () => {
    expect(await rampart(`flags list --url ${server.url}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("rampart login"),
    });
    expect(await rampart(`login --url ${server.url}`, { stdin: "rmp_wrong" })).toMatchObject({ code: 1 });
    expect(await rampart(`login --url ${server.url}`, { stdin: server.firstTokens?.admin ?? "" })).toMatchObject({
      code: 0,
      stdout: `logged in to ${server.url}\n`,
    });
    expect(await rampart("flags list")).toMatchObject({ code: 0, stdout: "" });
  });

  it("makes flags of every type", async () => {
    expect(await rampart("flags create checkout --tag shop --owner team-shop")).toMatchObject({
      code: 0,
      stdout: "created checkout (boolean) in development, staging, production\n",
    });
    expect((await rampart("flags create team/limit --type number --variant low=10 --variant high=99.5")).code).toBe(0);
    expect((await rampart("flags create banner --type string --variant blue=1 --variant red=2")).code).toBe(0);
    expect((await rampart('flags create limits --type json --variant a={"daily":1} --variant b=[1]')).code).toBe(0);
    const { items } = await json<Page<FlagView>>("flags list");
    expect(items.map((flag) => flag.key)).toEqual(["banner", "checkout", "limits", "team/limit"]);
    expect(items[0]?.variants).toEqual({ blue: "1", red: "2" });
    expect((await json<Page<FlagView>>("flags list --tag shop")).items).toHaveLength(1);
  });

  it("refuses a second flag of the same key, a wrong key and a wrong type", async () => {
    expect(await rampart("flags create checkout")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("rampart flags get checkout"),
    });
    expect(await run(["flags", "create", "bad key"], { env: { XDG_CONFIG_HOME: folder } })).toMatchObject({ code: 2 });
    expect(await rampart("flags set banner 5")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--variant NAME"),
    });
  });

  it("ramps, and knows when there is nothing to do", async () => {
    expect(await rampart("flags set checkout 5% --reason first")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("0 % → 5 %"),
    });
    expect(await json<RampView>("flags set checkout --percentage 25")).toMatchObject({
      percentage: 25,
      previousPercentage: 5,
      changed: true,
    });
    expect(await json<RampView>("flags set checkout 25")).toMatchObject({ percentage: 25, changed: false });
    expect(await json<RampView>("flags set checkout 100 -e staging")).toMatchObject({
      environment: "staging",
      percentage: 100,
    });
    expect((await rampart("flags set team/limit --variant high")).stdout).toContain("otherwise variant high");
  });

  it("sets targets one by one, and rules from a file", async () => {
    const file = join(folder, "patch.json");
    const rule = {
      id: "germans",
      clauses: [{ attribute: "country", op: "in", values: ["de"], negate: false }],
      serve: { variant: "on" },
    };
    writeFileSync(file, JSON.stringify({ rules: [rule] }));
    expect((await rampart("flags set checkout --target anna=on --target bert=off")).code).toBe(0);
    expect((await rampart(`flags set checkout --untarget bert --file ${file}`)).code).toBe(0);
    const { stdout } = await rampart("flags get checkout -e production");
    expect(stdout).toContain("anna gets on");
    expect(stdout).not.toContain("bert");
    expect(stdout).toContain('germans: country in "de" gets variant on');
    expect((await rampart("flags get checkout")).stdout).toContain("25 % + 1 rule + 1 target");
  });

  it("explains by rule, by target and by bucket", async () => {
    expect((await rampart("eval checkout anna")).stdout).toContain("TARGETING_MATCH");
    expect((await rampart("eval checkout someone --attr country=de")).stdout).toMatch(/rule +germans/);
    const answer = await json<ExplainedEvaluation>("eval checkout someone");
    expect(answer).toMatchObject({
      reason: "SPLIT",
      value: (answer.bucket ?? 0) < 25_000,
      steps: expect.arrayContaining([expect.objectContaining({ step: "bucket" })]),
    });
    expect((await rampart("eval checkout someone")).stdout).toMatch(/bucket +[\d,]+ of 100,000: in from [\d.]+ % on/);
    expect(await rampart("eval chekout someone")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("did you mean checkout?"),
    });
  });

  it("loses no change to somebody who was faster", async () => {
    const { code, stderr } = await rampart("flags set checkout --disable --if-revision 1");
    expect(code).toBe(4);
    expect(stderr).toContain("/enabled: yours false, there now true");
  });

  it("kills, stays killed, and restores", async () => {
    expect(await rampart("flags kill checkout --reason errors")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("off for everybody, was 25 %"),
    });
    expect(await rampart("flags kill checkout")).toMatchObject({ code: 0, stdout: expect.stringContaining("already") });
    expect(await rampart("flags set checkout 50")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("rampart flags restore checkout"),
    });
    expect(await json<ExplainedEvaluation>("eval checkout anna")).toMatchObject({ value: false, reason: "DISABLED" });
    expect(await json<RampView>("flags restore checkout")).toMatchObject({ enabled: true, percentage: 25 });
  });

  it("names what is near when a flag or an environment is not there", async () => {
    expect(await rampart("flags kill chekout")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("did you mean checkout?"),
    });
    expect(await rampart("flags kill checkout -e prodution")).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("did you mean production?"),
    });
  });
});

describe("a longer acquaintance", () => {
  it("keeps segments, and refuses to delete one that a rule names", async () => {
    expect((await rampart("segments create testers --include anna --include eve")).code).toBe(0);
    expect((await rampart("segments set testers --exclude eve --description People")).stdout).toContain(
      "1 included, 1 excluded",
    );
    const rule = {
      id: "testers",
      clauses: [{ attribute: "", op: "inSegment", values: ["testers"], negate: false }],
      serve: { variant: "on" },
    };
    const patched = await rampart("flags set checkout --file - -e staging", {
      stdin: JSON.stringify({
        rules: [{ ...rule, clauses: rule.clauses.map((one) => ({ ...one, attribute: "targetingKey" })) }],
      }),
    });
    expect(patched).toMatchObject({ code: 0 });
    expect(await rampart("segments delete testers")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("checkout (staging)"),
    });
    expect((await rampart("segments list")).stdout).toContain("testers");
    expect((await rampart("segments get testers")).stdout).toMatch(/excluded +eve/);
  });

  it("makes a token that can be used, and can't be used once it is revoked", async () => {
    const token = await json<CreatedToken>("tokens create reader --kind viewer -e production");
    const env = { RAMPART_TOKEN: token.token };
    expect(await rampart("flags list", { env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("PRODUCTION"),
    });
    expect(await rampart("flags set checkout 1", { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("flags:ramp"),
    });
    expect((await rampart("tokens list")).stdout).toContain(token.id);
    expect((await rampart(`tokens revoke ${token.id}`)).stdout).toBe("revoked reader\n");
    expect((await rampart("tokens list")).stdout).not.toContain(token.id);
    expect(await rampart("flags list", { env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("rampart login"),
    });
    expect((await rampart("tokens revoke none")).code).toBe(3);
  });

  it("shows the SDKs that are connected", async () => {
    const stream = await fetch(`${server.url}/sdk/v1/stream`, {
      headers: {
        authorization: `Bearer ${server.firstTokens?.server}`,
        "x-rampart-instance": "web-1",
        "x-rampart-sdk": "node/0.1.0",
      },
    });
    try {
      const view = await json<ClientsView>("clients");
      expect(view.clients).toMatchObject([{ instanceId: "web-1", sdk: "node/0.1.0", lag: 0 }]);
      const { stdout, stderr } = await rampart("clients --limit 5");
      expect(stdout).toMatch(/web-1 +node\/0\.1\.0 +\S+ +stream/);
      expect(stderr).toContain("1 of 1 clients in production were sent revision");
    } finally {
      await stream.body?.cancel();
    }
  });

  it("has it all in the audit, which verifies on the server and offline", async () => {
    const { items } = await json<Page<AuditEntry>>("audit list --flag checkout --action flag.killed");
    expect(items).toMatchObject([{ target: "flag/checkout", reason: "errors", environment: "production" }]);
    expect((await rampart("audit list --limit 3")).stdout.split("\n")).toHaveLength(5);
    const verified = await json<{
      readonly intact: boolean;
      readonly entries: number;
      readonly head: { readonly hash: string };
    }>("audit verify");
    const { stdout: text } = await rampart("audit export");
    const file = join(folder, "audit.ndjson");
    writeFileSync(file, text);
    const offline = await rampart(`audit verify --file ${file} --head ${verified.head.hash}`, {
      env: { RAMPART_URL: "http://127.0.0.1:1" },
    });
    expect(offline).toMatchObject({ code: 0, stdout: expect.stringContaining(verified.head.hash) });
    writeFileSync(file, text.replace('"errors"', '"error"'));
    expect(await rampart(`audit verify --file ${file}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("broken at entry"),
    });
  });

  it("archives a flag, and gives its key out again only when told to", async () => {
    expect(await rampart("flags archive banner --reason done")).toMatchObject({ code: 0, stdout: "archived banner\n" });
    expect(await rampart("flags get banner")).toMatchObject({ code: 3 });
    expect(await rampart("flags create banner")).toMatchObject({ code: 4, stderr: expect.stringContaining("--reuse") });
    expect((await rampart("flags create banner --reuse")).code).toBe(0);
  });

  it("completes the keys of its flags and its environments", async () => {
    expect((await rampart("__complete -- flags set ch")).stdout).toBe("checkout\n");
    expect((await rampart("__complete -- flags list -e st")).stdout).toBe("staging\n");
  });
});
