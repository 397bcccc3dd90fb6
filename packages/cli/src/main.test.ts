import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { GROUPS } from "./commands/groups.ts";
import { rampart } from "./testing/fake-io.ts";

describe("rampart", () => {
  it("alone shows its commands and the first steps, on stdout", async () => {
    const { code, stdout, stderr } = await rampart([]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    for (const group of GROUPS.filter((one) => one.hidden !== true)) expect(stdout).toContain(group.summary);
    expect(stdout).toContain("rampart server --dev");
    expect(stdout).not.toContain("__complete");
  });

  it("says the same to --help, -h and help", async () => {
    const { stdout } = await rampart([]);
    expect((await rampart(["--help"])).stdout).toBe(stdout);
    expect((await rampart(["-h"])).stdout).toBe(stdout);
    expect((await rampart(["help"])).stdout).toBe(stdout);
  });

  it("prints its version", async () => {
    expect(await rampart(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it.each(GROUPS.filter((group) => group.hidden !== true).map((group) => group.name))(
    "explains %s, and every command in it",
    async (name) => {
      const { code, stdout, stderr } = await rampart([name, "--help"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain(`Usage: rampart ${name}`);
      const commands = /\nCommands:\n([\s\S]*)$/.exec(stdout)?.[1]?.match(/(?<=^ {2})[a-z]+/gm) ?? [];
      for (const command of commands) {
        const help = await rampart(["help", name, command]);
        expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining(`Usage: rampart ${name} ${command}`) });
      }
    },
  );

  it("shows a group's commands on stderr when none was named, which is a usage error", async () => {
    const { code, stdout, stderr } = await rampart(["flags"]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("ramp a flag, or change its configuration");
  });
});

describe("a wrong command line ends with exit code 2 and says what is allowed", () => {
  it.each([
    [["flgs"], 'unknown command "flgs"', "did you mean flags?", "commands: flags, eval"],
    [["kill", "checkout"], 'unknown command "kill"', "did you mean rampart flags kill?", "commands: flags"],
    [["flags", "lst"], 'unknown command "lst"', "did you mean list?", "commands: list, get"],
    [["flags", "list", "--enviroment", "x"], 'unknown option "--enviroment"', "did you mean --environment?", "--json"],
    [["--jsn"], 'unknown option "--jsn"', "did you mean --json?", "--version"],
    [["flags", "set"], 'missing required argument "flag"', "usage: rampart flags set", "rampart flags set --help"],
    [["flags", "get", "a", "b"], "too many arguments", "usage: rampart flags get", "rampart flags get --help"],
    [["tokens", "create", "x"], '"--kind <kind>" not specified', "usage: rampart tokens create", ""],
    [["tokens", "create", "x", "--kind", "admn"], "admin, operator, viewer, server, client, relay, ci", "", ""],
    [["completion", "tcsh"], "bash, zsh, fish", "", ""],
    [["flags", "set", "a", "150"], "percentage 150 is out of range", "0 to 100", ""],
    [["flags", "set", "a", "--percentage", "-5"], "percentage -5 is out of range", "0 to 100", ""],
    [["flags", "list", "--request-timeout", "5"], '"5" is not a duration', "10s", ""],
    [["flags", "list", "--url", "ftp://x"], "http or https", "", ""],
  ])("%j", async (argv, ...expected) => {
    const { code, stdout, stderr } = await rampart(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    for (const text of expected) expect(stderr).toContain(text);
  });
});

describe("colour", () => {
  // eslint-disable-next-line no-control-regex
  const COLOUR = /\u001b\[/;

  it("is used on a terminal only", async () => {
    expect((await rampart(["--help"], { terminal: 100 })).stdout).toMatch(COLOUR);
    expect((await rampart(["--help"])).stdout).not.toMatch(COLOUR);
    expect((await rampart(["flgs"], { terminal: 100 })).stderr).toMatch(COLOUR);
    expect((await rampart(["flgs"])).stderr).not.toMatch(COLOUR);
  });

  it("is left out with NO_COLOR or a dumb terminal", async () => {
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      expect((await rampart(["--help"], { terminal: 100, env })).stdout).not.toMatch(COLOUR);
      expect((await rampart(["flags"], { terminal: 100, env })).stderr).not.toMatch(COLOUR);
      expect((await rampart(["flgs"], { terminal: 100, env })).stderr).not.toMatch(COLOUR);
    }
  });
});

describe("start-up", () => {
  /** Every module that is loaded before a command line was looked at, and every package outside of this one. */
  function loadedAtStart(entry: string): {
    readonly files: ReadonlySet<string>;
    readonly packages: ReadonlySet<string>;
  } {
    const files = new Set<string>();
    const packages = new Set<string>();
    const visit = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      const source = readFileSync(file, "utf8");
      for (const [, specifier = ""] of source.matchAll(/^(?:import|export) (?!type )[^;]*?from "([^"]+)";/gm)) {
        if (specifier.startsWith(".")) visit(join(dirname(file), specifier));
        else packages.add(specifier);
      }
    };
    visit(entry);
    return { files, packages };
  }

  it("loads commander and parts of Node, no command and no server: help must come at once", () => {
    const src = dirname(fileURLToPath(import.meta.url));
    const { files, packages } = loadedAtStart(join(src, "bin.ts"));
    expect([...packages].filter((name) => !name.startsWith("node:"))).toEqual(["commander"]);
    const names = [...files].map((file) => file.slice(src.length + 1));
    expect(names).toContain("program.ts");
    expect(names.filter((name) => name.startsWith("commands/")).toSorted()).toEqual([
      "commands/group.ts",
      "commands/groups.ts",
    ]);
    expect(names.filter((name) => name.startsWith("api/"))).toEqual([]);
  });
});
