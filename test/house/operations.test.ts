/** What the runbook says of metrics, log lines and faults is of this code. To write the page of metrics anew: add `-u`. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createPrometheusMeter } from "../../packages/server/src/telemetry/prometheus-meter.ts";

const ROOT = new URL("../../", import.meta.url);
const pathOf = (path: string): string => fileURLToPath(new URL(path, ROOT));
const read = (path: string): string => readFileSync(pathOf(path), "utf8");
const page = read("docs/operations.md");

/** The words of a call's last string, and with which level it is logged, of every call of a logger in the server. */
function loggedIn(source: string): readonly string[] {
  return [...source.matchAll(/\blogger\s*\.(debug|info|warn|error)\(/g)].flatMap(({ 0: head, 1: level, index }) => {
    const call = source.slice(index + head.length, endOfCall(source, index + head.length));
    const [message] = [...call.matchAll(/"((?:[^"\\]|\\.)*)"/g)].at(-1)?.slice(1) ?? [];
    return message === undefined ? [] : [`| ${level} | ${message} |`];
  });
}

/** Where the bracket closes that is open at `from`. Texts in the calls hold no unpaired brackets. */
function endOfCall(source: string, from: number): number {
  let depth = 1;
  let at = from;
  for (; depth > 0 && at < source.length; at += 1) {
    if ("([{".includes(source[at] ?? " ")) depth += 1;
    if (")]}".includes(source[at] ?? " ")) depth -= 1;
  }
  return at - 1;
}

describe("the runbook", () => {
  it("explains every line that the server can log, with its level, and no other", () => {
    const sources = execFileSync(
      "git",
      ["ls-files", "--cached", "--others", "--exclude-standard", "packages/server/src"],
      {
        cwd: pathOf("."),
        encoding: "utf8",
      },
    )
      .split("\n")
      .filter((path) => path.endsWith(".ts") && !/\.(test|contract)\.ts$|\/testing\//.test(path));
    const logged = [...new Set(sources.flatMap((path) => loggedIn(read(path))))];
    const [, log = ""] = page.split("\n## Log\n");
    const explained = [...(log.split("\n## ")[0] ?? "").matchAll(/^\| (debug|info|warn|error) \| (.+?) \| /gm)];
    expect(logged.length).toBeGreaterThan(30);
    expect(explained.map(([, level, message]) => `| ${level} | ${message} |`).toSorted()).toEqual(logged.toSorted());
  });

  it("has an entry for each of the 36 faults, and links only to what is there", () => {
    const headings = [...page.matchAll(/^#{2,3} (.+)$/gm)].map(([, heading]) => heading ?? "");
    const numbers = headings.flatMap((heading) => /^(\d+) /.exec(heading)?.[1] ?? []);
    expect(numbers).toEqual(Array.from({ length: 36 }, (_, index) => String(index + 1)));
    const anchors = new Set(
      headings.map((heading) =>
        heading
          .toLowerCase()
          .replaceAll(/[^\w -]/g, "")
          .replaceAll(" ", "-"),
      ),
    );
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, link]) => link ?? "");
    expect(links.filter((link) => !anchors.has(link))).toEqual([]);
    for (const [, path = ""] of page.matchAll(/\]\(((?:\.\.\/)?[\w./-]+)\)/g))
      expect(() => read(`docs/${path}`)).not.toThrow(/ENOENT/);
  });

  it("lists every metric of the server's own as the server describes it", async () => {
    const { scrape, close } = createPrometheusMeter("0.0.0");
    const { text } = await scrape();
    close();
    const own = [...text.matchAll(/^# HELP (rampart_\w+) (.*)\n# TYPE \w+ (\w+)/gm)].filter(
      ([, name = ""]) => !/^rampart_(process|nodejs)_/.test(name),
    );
    const rows = own.map(([, name, help, kind]) => `| \`${name}\` | ${kind} | ${help} |`).toSorted();
    expect(rows.length).toBeGreaterThan(20);
    await expect(`# Metrics

What a server says at \`/metrics\`, in Prometheus' text format; the page is made from it. Beside these there are \`rampart_process_…\` and
\`rampart_nodejs_…\`, which Prometheus' own library keeps of any Node process. Labels are environments, flags, routes and a few fixed words, so that their number
is bounded. Read it with a token that may read (\`viewer\`), or openly with \`--public-metrics\`.

| metric | kind | meaning |
| --- | --- | --- |
${rows.join("\n")}
`).toMatchFileSnapshot(pathOf("docs/reference/metrics.md"));
  });
});
