import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { AuditEntry } from "@rampart/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeApi, type Routes } from "../../testing/fake-api.ts";
import { rampart, temporaryFolder, type FakeOptions } from "../../testing/fake-io.ts";

/** Canonical JSON of what these entries hold: names sorted, no spaces. Written out here to be independent of the server's. */
function canonical(entry: object): string {
  const sorted = Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(sorted));
}

/** A record of `length` entries in which each holds the hash of the one before it. */
function chain(length: number): readonly AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (let seq = 1; seq <= length; seq += 1) {
    const draft = {
      seq,
      at: "2026-01-05T11:00:00.000Z",
      actor: "token:1 (anna)",
      action: seq % 2 === 0 ? "flag.killed" : "flag.ramped",
      target: "flag/checkout",
      environment: "production",
      revision: 40 + seq,
      reason: `reason ${seq}`,
      previousHash: entries.at(-1)?.hash ?? "0".repeat(64),
    };
    entries.push({ ...draft, hash: createHash("sha256").update(canonical(draft)).digest("hex") });
  }
  return entries;
}

const ndjson = (entries: readonly AuditEntry[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");

const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const KEY = publicKey.export({ type: "spki", format: "der" }).subarray(-32).toString("hex");

/** The entries with the line that signs them, written out here to be independent of the server's. */
function signed(entries: readonly AuditEntry[]): string {
  const lines = ndjson(entries);
  const head = canonical({
    format: "rampart-audit/1",
    entries: entries.length,
    first: entries.at(0)?.seq ?? null,
    last: entries.at(-1)?.seq ?? null,
    hash: entries.at(-1)?.hash ?? null,
    linesHash: createHash("sha256").update(lines).digest("hex"),
    isWhole: true,
    exportedAt: "2026-01-05T12:00:00.000Z",
  });
  const signature = sign(null, Buffer.from(head), privateKey).toString("hex");
  return `${lines}{"head":${head},"publicKey":"${KEY}","signature":"${signature}"}\n`;
}

async function audit(routes: Routes, argv: readonly string[], options: FakeOptions = {}) {
  const api = await fakeApi(routes);
  return { ...(await rampart(["audit", ...argv, "--url", api.url], options)), seen: api.seen };
}

describe("audit list", () => {
  const page = { items: chain(2).toReversed() };

  it("shows the latest changes, the reason last", async () => {
    const { code, stdout } = await audit({ "GET /api/v1/audit": { body: page } }, ["list"]);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "NUMBER  UTC                  ACTION       TARGET         ENVIRONMENT  REVISION  ACTOR  REASON",
        "     2  2026-01-05 11:00:00  flag.killed  flag/checkout  production         42  anna   reason 2",
        "     1  2026-01-05 11:00:00  flag.ramped  flag/checkout  production         41  anna   reason 1",
        "",
      ].join("\n"),
    );
  });

  it("asks for what it was told to, and for no environment unless one is named", async () => {
    const routes = { "GET /api/v1/audit": { body: page } };
    const { seen } = await audit(routes, [
      "list",
      "--limit",
      "5",
      "--before",
      "9",
      "--flag",
      "a/b",
      "--action",
      "flag.killed",
      "-e",
      "staging",
    ]);
    expect(new URL(seen[0]?.line.slice(4) ?? "", "http://x").searchParams.toString()).toBe(
      "limit=5&before=9&action=flag.killed&target=flag%2Fa%2Fb&environment=staging",
    );
    expect((await audit(routes, ["list"], { env: { RAMPART_ENVIRONMENT: "staging" } })).seen[0]?.line).toBe(
      "GET /api/v1/audit?limit=50",
    );
  });

  it("prints exactly the API's page as JSON", async () => {
    expect(JSON.parse((await audit({ "GET /api/v1/audit": { body: page } }, ["list", "--json"])).stdout)).toEqual(page);
  });

  it.each(["0", "1001", "x"])("refuses a limit of %s with what is allowed", async (limit) => {
    const { code, stderr } = await audit({}, ["list", "--limit", limit]);
    expect(code).toBe(2);
    expect(stderr).toContain("1 to 1000");
  });
});

describe("audit verify", () => {
  const entries = chain(1200);
  const head = entries.at(-1)?.hash ?? "";
  const short = chain(8);
  const keyRoute: Routes = {
    "GET /api/v1/audit/key": { body: { algorithm: "Ed25519", publicKey: KEY, fingerprint: "0000 0000" } },
  };

  async function verifyText(text: string, argv: readonly string[] = []) {
    return rampart(["audit", "verify", "-", ...argv], { stdin: text });
  }

  it("finds an intact record intact, without a server, and prints its head and who signed it", async () => {
    const file = join(temporaryFolder(), "audit.ndjson");
    writeFileSync(file, signed(entries));
    const { code, stdout, stderr } = await rampart(["audit", "verify", file, "--key", KEY], {
      env: { RAMPART_URL: "http://127.0.0.1:1" },
    });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `intact: 1,200 entries\nhead: ${head}\nsigned: 2026-01-05 12:00:00 UTC by ${KEY}\n`,
      stderr: "",
    });
    expect((await rampart(["audit", "verify", "--file", file])).stderr).toContain("rampart audit key");
  });

  it("verifies what the server exports, against the server's key", async () => {
    const routes: Routes = {
      ...keyRoute,
      "GET /api/v1/audit/export": (response) => void response.end(signed(entries)),
    };
    const { code, stdout } = await audit(routes, ["verify", "--json"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      intact: true,
      entries: 1200,
      head: { seq: 1200, hash: head },
      signed: { publicKey: KEY, exportedAt: "2026-01-05T12:00:00.000Z", isWhole: true },
    });
  });

  it("finds every entry that was changed, moved, doubled or taken out, and says which, even without the signature", async () => {
    const entryAt = (index: number): AuditEntry => short.slice(index)[0] ?? expect.unreachable();
    const tamper = fc.oneof(
      fc.record({
        kind: fc.constant("change" as const),
        at: fc.nat(7),
        field: fc.constantFrom("actor", "reason", "action", "at"),
      }),
      fc.record({ kind: fc.constant("remove" as const), at: fc.nat(6) }),
      fc.record({ kind: fc.constant("double" as const), at: fc.nat(7) }),
      fc.record({ kind: fc.constant("swap" as const), at: fc.nat(6) }),
    );
    await fc.assert(
      fc.asyncProperty(tamper, async (how) => {
        const forged = [...short];
        const victim = entryAt(how.at);
        if (how.kind === "change") forged[how.at] = { ...victim, [how.field]: "forged" };
        else if (how.kind === "remove") forged.splice(how.at, 1);
        else if (how.kind === "double") forged.splice(how.at, 0, victim);
        else forged.splice(how.at, 2, entryAt(how.at + 1), victim);
        const { code, stdout, stderr } = await verifyText(ndjson(forged), ["--unsigned"]);
        expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
        expect(stderr).toContain("the audit is broken at entry ");
        if (how.kind === "change" || how.kind === "remove") expect(stderr).toContain(`broken at entry ${how.at + 1}:`);
      }),
      { numRuns: 40 },
    );
  });

  it("finds a cut-off end by the signature, and by a head that was noted before", async () => {
    const lines = signed(short).match(/[^\n]*\n/g) ?? [];
    for (const cut of [lines.slice(0, -1), lines.slice(0, 3), [...lines.slice(0, 6), lines.at(-1) ?? ""]])
      expect((await verifyText(cut.join(""))).code).toBe(1);
    const noted = entries.at(999)?.hash ?? "";
    expect((await verifyText(signed(entries), ["--head", noted])).code).toBe(0);
    const cut = await verifyText(ndjson(entries.slice(0, 900)), ["--unsigned", "--head", noted]);
    expect(cut.code).toBe(1);
    expect(cut.stderr).toContain("cut off or rewritten");
    expect((await verifyText(ndjson(entries.slice(0, 900)), ["--unsigned"])).stdout).toContain("not signed");
  });

  it("finds another's signature where the key is given", async () => {
    const { code, stderr } = await verifyText(signed(short), ["--key", "ab".repeat(32)]);
    expect(code).toBe(1);
    expect(stderr).toContain("signed with another key");
  });

  it("says in JSON what is broken", async () => {
    const { code, stdout } = await verifyText(signed(entries.slice(1)), ["--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ intact: false, seq: 1 });
  });

  it.each([
    ["not json\n", "line 1 is not an audit entry"],
    [`${ndjson(chain(1))}{"seq":2}\n`, "line 2 is not an audit entry"],
    [ndjson(chain(2)).slice(0, -20), "line 2 is not an audit entry"],
  ])("names the line of a damaged export", async (text, message) => {
    const { code, stderr } = await verifyText(text);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });

  it("finds bytes that are no text", async () => {
    const file = join(temporaryFolder(), "audit.ndjson");
    writeFileSync(file, Buffer.concat([Buffer.from(signed(short)), Buffer.from([0xff])]));
    expect(await rampart(["audit", "verify", file])).toMatchObject({ code: 1, stdout: "" });
  });

  it("refuses a file that can't be read, and a head and a key that are none", async () => {
    expect(await rampart(["audit", "verify", "--file", "/nonexistent"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("/nonexistent"),
    });
    expect(await verifyText("", ["--head", "abc"])).toMatchObject({ code: 2 });
    expect(await verifyText("", ["--key", "abc"])).toMatchObject({ code: 2 });
  });

  it("is given the key to compare with by the server", async () => {
    const { stdout, stderr } = await audit(keyRoute, ["key"]);
    expect({ stdout, stderr }).toEqual({ stdout: `${KEY}\n`, stderr: "Ed25519, fingerprint 0000 0000\n" });
  });
});

describe("audit export", () => {
  it("passes the lines on as they are, and stops when the reader has gone", async () => {
    const text = ndjson(chain(3));
    const routes: Routes = { "GET /api/v1/audit/export": (response) => void response.end(text) };
    expect((await audit(routes, ["export"])).stdout).toBe(text);
    expect(await audit(routes, ["export"], { readerLeavesAfter: 1 })).toMatchObject({ code: 0, stderr: "" });
  });
});
