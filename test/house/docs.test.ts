/**
 * What the pages say is there: their links lead somewhere, their commands exist, and every page can be found. To write the index of decisions
 * anew: add `-u`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { loadGroup } from "../../packages/cli/src/commands/group.ts";
import { createProgram } from "../../packages/cli/src/program.ts";
import { fakeIo } from "../../packages/cli/src/testing/fake-io.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(ROOT, path)));
const pages = tracked.filter((path) => path.endsWith(".md"));

/** Code is no prose: a link in it is an example. */
const proseOf = (text: string): string => text.replaceAll(/^ *```[\s\S]*?^ *```|`[^`\n]*`/gm, "");

/** A heading's anchor, as forges make it. */
const slug = (heading: string): string =>
  heading
    .replaceAll(/[`*]|\]\([^)]*\)/g, "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

function anchorsOf(path: string): ReadonlySet<string> {
  const headings = read(path).replaceAll(/^ *```[\s\S]*?^ *```/gm, "");
  return new Set([...headings.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => slug(heading)));
}

function isThere(path: string, anchor: string | undefined): boolean {
  if (!existsSync(join(ROOT, path))) return false;
  if (anchor === undefined) return true;
  if (path.endsWith(".md")) return anchorsOf(path).has(anchor);
  const [, line] = /^L(\d+)$/.exec(anchor) ?? [];
  return line !== undefined && Number(line) <= read(path).split("\n").length;
}

describe("the pages", () => {
  it("link to what is there", () => {
    const links = pages.flatMap((page) =>
      [...proseOf(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => ({ page, target })),
    );
    const inside = links.filter(({ target }) => !/^[a-z]+:/.test(target));
    const known = new Map<string, boolean>();
    const dead = inside.filter(({ page, target }) => {
      const [path = "", anchor] = target.split("#");
      const where = path === "" ? page : normalize(join(dirname(page), decodeURIComponent(path)));
      const key = `${where}#${anchor ?? ""}`;
      if (!known.has(key)) known.set(key, isThere(where, anchor));
      return known.get(key) === false;
    });
    expect(inside.length).toBeGreaterThan(100);
    expect(dead).toEqual([]);
  });

  it("name every benchmark that there is", () => {
    const benches = tracked.flatMap((path) => /^bench\/benches\/([\w-]+)\.mjs$/.exec(path)?.[1] ?? []);
    const page = read("bench/README.md");
    expect(benches.length).toBeGreaterThan(10);
    expect(benches.filter((name) => !page.includes(`| \`${name}\` |`))).toEqual([]);
  });

  it("are all in the index of docs, which the README names", () => {
    const index = read("docs/README.md");
    const missing = pages.filter(
      (page) => /^docs\/[^/]+\.md$/.test(page) && page !== "docs/README.md" && !index.includes(`](${page.slice(5)})`),
    );
    expect(missing).toEqual([]);
    expect(read("README.md")).toContain("](docs/README.md)");
  });
});

describe("the decisions", () => {
  const decisions = tracked.filter((path) => /^docs\/adr\/\d{4}-.+\.md$/.test(path)).toSorted();

  it("have a number of their own, a status, a context, a decision and consequences", () => {
    const numbers = decisions.map((path) => Number(path.slice("docs/adr/".length).slice(0, 4)));
    expect(numbers).toEqual([...new Set(numbers)]);
    const malformed = decisions.filter((path, index) => {
      const text = read(path);
      const [title = "", , status = ""] = text.split("\n");
      const parts = ["**Context.**", "**Decision.**", "**Consequences.**"];
      return !(
        title.startsWith(`# ${numbers[index]}. `) &&
        /^Status: (?:accepted|rejected|replaced|superseded)\b/.test(status) &&
        parts.every((part) => text.includes(part))
      );
    });
    expect(malformed).toEqual([]);
  });

  it("are listed in their index", async () => {
    const rows = decisions.map((path) => {
      const [title = "", , status = ""] = read(path).split("\n");
      const [, number = "", name = ""] = /^# (\d+)\. (.+)$/.exec(title) ?? [];
      const note = status.replace(/^Status: (?:accepted[.;]?\s*)?/, "");
      return `| ${number} | [${name}](${path.slice("docs/adr/".length)}) | ${note} |`;
    });
    const [before = ""] = read("docs/adr/README.md").split("\n| | decision |");
    const index = ["| | decision | note |", "| ---: | --- | --- |", ...rows, ""].join("\n");
    await expect(`${before.trimEnd()}\n\n${index}`).toMatchFileSnapshot(join(ROOT, "docs/adr/README.md"));
  });
});

type Program = ReturnType<typeof createProgram>;

/** What a line says after `rampart`, up to a comment, a pipe or a redirection. */
function wordsOf(line: string): readonly string[] {
  const [command = ""] = line.split(/ #|[|;<>]|&&| {2,}(?=[a-z])/);
  return command.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
}

/** Why there is no such command, or undefined. A word in capitals stands for a value. */
function wrongIn(program: Program, words: readonly string[]): string | undefined {
  let command: Program["commands"][number] = program;
  let at = 0;
  for (; at < words.length; at += 1) {
    const next = command.commands.find((one) => one.name() === words[at]);
    if (next === undefined) break;
    command = next;
  }
  const rest = words.slice(at);
  const [first = ""] = rest;
  if (command.commands.length > 0 && /^[a-z]/.test(first)) return `no command ${first}`;
  const options = [...command.options, ...program.options].flatMap(({ long, short }) => [long, short]);
  return rest
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/=.*|[\]`,.)]+$/, ""))
    .find((option) => !["--help", "-h", ...options].includes(option));
}

describe("the commands that people are told", () => {
  const { io } = fakeIo();
  const program = createProgram({ io, bind: () => () => Promise.resolve(), version: "0.0.0" });
  beforeAll(async () => {
    for (const command of program.commands) await loadGroup(command, () => () => Promise.resolve());
  });

  it("exist, with their options, on every page", () => {
    const told = pages.flatMap((page) => {
      const text = read(page);
      const blocks = [...text.matchAll(/^ *```[a-z]*\n([\s\S]*?)^ *```/gm)].flatMap(([, body = ""]) =>
        body.split("\n"),
      );
      const spans = [...text.replaceAll(/^ *```[\s\S]*?^ *```/gm, "").matchAll(/`([^`\n]+)`/g)].map(
        ([, span = ""]) => span,
      );
      return [...blocks, ...spans].flatMap((line) => {
        const [, rest] = /^(?:.*?(?:run -s rampart -- |&& |\| |\$ ))?(?:rampart )?(.*)$/.exec(line.trim()) ?? [];
        const isCommand = /^rampart [a-z]|run -s rampart -- |(?:&&|\||\$) rampart [a-z]/.test(line.trim());
        return isCommand && rest !== undefined ? [{ page, line: line.trim(), words: wordsOf(rest) }] : [];
      });
    });
    expect(told.length).toBeGreaterThan(80);
    expect(
      told.flatMap(({ page, line, words }) => {
        const wrong = wrongIn(program, words);
        return wrong === undefined ? [] : [`${page}: ${line}: ${wrong}`];
      }),
    ).toEqual([]);
  });
});
