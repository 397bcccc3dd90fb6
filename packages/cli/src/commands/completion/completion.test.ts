import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeApi, flagView } from "../../testing/fake-api.ts";
import { rampart, temporaryFolder, type FakeOptions } from "../../testing/fake-io.ts";
import { rolloutSummary } from "../../testing/rollout.ts";
import { SHELLS, type Shell } from "./scripts.ts";

/** The candidates for the last word, without their descriptions. */
async function candidates(words: readonly string[], options: FakeOptions = {}): Promise<readonly string[]> {
  const { code, stdout, stderr } = await rampart(["__complete", "--", ...words], options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("\t")[0] ?? ""]));
}

describe("completion of a word", () => {
  it("offers groups, and what is in them", async () => {
    expect(await candidates([""])).toEqual(expect.arrayContaining(["flags", "server", "audit"]));
    expect(await candidates([""])).not.toContain("__complete");
    expect(await candidates(["fl"])).toEqual(["flags"]);
    expect(await candidates(["flags", "r"])).toEqual(["restore"]);
    expect(await candidates(["-e", "staging", "flags", "k"])).toEqual(["kill"]);
  });

  it("offers options with their description, those of every command too", async () => {
    expect(await candidates(["flags", "set", "checkout", "--pe"])).toEqual(["--percentage"]);
    expect(await candidates(["flags", "set", "checkout", "--j"])).toEqual(["--json"]);
    expect((await rampart(["__complete", "--", "flags", "set", "x", "--pe"])).stdout).toContain("\t0 to 100");
  });

  it("offers the values of an option or an argument", async () => {
    expect(await candidates(["tokens", "create", "x", "--kind", "v"])).toEqual(["viewer"]);
    expect(await candidates(["flags", "list", "-e", "st"])).toEqual(["staging"]);
    expect(await candidates(["completion", ""])).toEqual([...SHELLS]);
  });

  it("offers the flags that the server has", async () => {
    const api = await fakeApi({
      "GET /api/v1/flags": { body: { items: [flagView(), flagView({ key: "banner", description: "two\nlines" })] } },
    });
    const env = { RAMPART_URL: api.url };
    expect(await candidates(["flags", "set", ""], { env })).toEqual(["checkout", "banner"]);
    expect(await candidates(["flags", "kill", "ch"], { env })).toEqual(["checkout"]);
    expect(await candidates(["flags", "set", "checkout", ""], { env })).toEqual([]);
    expect((await rampart(["__complete", "--", "flags", "set", "b"], { env })).stdout).toBe("banner\ttwo lines\n");
  });

  it("offers the flags that have a rollout, each with the newest on it", async () => {
    const older = rolloutSummary({ id: "old", status: "rolledBack", percentage: 0 });
    const api = await fakeApi({ "GET /api/v1/rollouts": { body: { items: [rolloutSummary(), older] } } });
    const { stdout } = await rampart(["__complete", "--", "rollout", "rollback", ""], {
      env: { RAMPART_URL: api.url },
    });
    expect(stdout).toBe("checkout\trunning at 25 %\n");
    expect(api.seen[0]?.line).toBe("GET /api/v1/rollouts?environment=production");
  });

  it("offers the environments that the server has, or those that every server begins with", async () => {
    const api = await fakeApi({
      "GET /api/v1/environments": { body: { items: [{ key: "production" }, { key: "canary" }] } },
    });
    expect(await candidates(["flags", "list", "-e", ""], { env: { RAMPART_URL: api.url } })).toEqual([
      "production",
      "canary",
    ]);
    expect(await candidates(["flags", "list", "-e", ""], { env: { RAMPART_URL: "http://127.0.0.1:1" } })).toEqual([
      "production",
      "staging",
      "development",
    ]);
  });

  it("offers nothing, quietly, when the server can't be asked or the words make no sense", async () => {
    expect(await candidates(["flags", "set", ""], { env: { RAMPART_URL: "http://127.0.0.1:1" } })).toEqual([]);
    expect(await candidates(["nonsense", "set", ""])).toEqual([]);
    expect(await candidates([])).toEqual(await candidates([""]));
  });
});

const isInstalled = (shell: string) => spawnSync(shell, ["-c", "exit 0"]).status === 0;

/** A `rampart` that offers its own arguments, so that it shows what the shell asked it. */
function stubbed(): NodeJS.ProcessEnv {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "rampart"), '#!/bin/sh\nfor word; do printf "got:%s\\tabout it\\n" "$word"; done\n');
  chmodSync(join(folder, "rampart"), 0o755);
  return { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
}

const FISH: Shell = "fish";

describe("completion scripts", () => {
  it.runIf(isInstalled("bash"))(
    "bash hands over the words up to the cursor and takes the candidates without descriptions",
    async () => {
      const { stdout: script } = await rampart(["completion", "bash"]);
      const ask = `${script}\nCOMP_WORDS=(rampart flags set "a b" rest); COMP_CWORD=3; _rampart; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync("bash", ["--norc", "-c", ask], { env: stubbed(), encoding: "utf8" });
      expect({ stdout: stdout.split("\n"), stderr }).toEqual({
        stdout: ["got:__complete", "got:--", "got:flags", "got:set", "got:a b", ""],
        stderr: "",
      });
    },
  );

  it.runIf(isInstalled(FISH))("fish hands over the words and takes the candidates", async () => {
    const { stdout: script } = await rampart(["completion", "fish"]);
    const { stdout } = spawnSync(FISH, ["--no-config", "-c", `${script}\ncomplete -C "rampart flags set "`], {
      env: stubbed(),
      encoding: "utf8",
    });
    expect(stdout.split("\n").map((line) => line.split("\t")[0])).toEqual(
      expect.arrayContaining(["got:flags", "got:set"]),
    );
  });

  it.runIf(isInstalled("zsh"))("zsh parses its script", async () => {
    const { stdout: script } = await rampart(["completion", "zsh"]);
    expect(spawnSync("zsh", ["-f", "-n", "-c", script], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });

  it.each(SHELLS)("%s gets a script with a heading and nothing else", async (shell) => {
    const { code, stdout, stderr } = await rampart(["completion", shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.startsWith("#")).toBe(true);
  });
});
