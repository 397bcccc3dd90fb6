/** The rules of the house that no compiler checks. A rule that is broken names the file and what to do. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const LINES_MAX = 400;

const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "");
const isTest = (path: string) => /\.(test|contract)\.tsx?$/.test(path) || path.includes("/testing/");
const sources = tracked.filter((path) => /^(packages|examples)\/[^/]+\/src\/.*\.tsx?$/.test(path) && !isTest(path));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const codeOf = (path: string) => read(path).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");

function importsOf(path: string): readonly string[] {
  return [...codeOf(path).matchAll(/(?:^|\n)\s*(?:import|export)\s[^;]*?from\s*"([^"]+)"|import\("([^"]+)"\)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
}

/** Imports of files of the same package, as paths from the root. */
const importsInside = (path: string): readonly string[] =>
  importsOf(path)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => normalize(join(dirname(path), specifier)));

/** Those that import themselves by way of others, and those on the way between two such circles. Empties the map as far as it can. */
function inCircles(imports: Map<string, Iterable<string>>): readonly string[] {
  // One that imports none that is left is in no circle: taking those out until nothing changes leaves the circles, and what leads to them.
  for (let before = -1; before !== imports.size;) {
    before = imports.size;
    for (const [path, targets] of imports)
      if (![...targets].some((target) => imports.has(target))) imports.delete(path);
  }
  // What nobody imports that is left only leads to them.
  for (let before = -1; before !== imports.size;) {
    before = imports.size;
    const imported = new Set([...imports.values()].flatMap((targets) => [...targets]));
    for (const path of imports.keys()) if (!imported.has(path)) imports.delete(path);
  }
  return [...imports.keys()];
}

/** Who may import whom inside the server; `main` may import all. */
const SERVER_ROOMS: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  ports: ["domain"],
  store: ["domain", "ports"],
  stream: ["domain", "ports"],
  telemetry: ["domain", "ports"],
  metrics: ["domain", "ports"],
  notify: ["domain", "ports"],
  gates: ["domain", "ports"],
  intake: ["domain", "ports"],
  egress: ["domain", "ports"],
  http: ["domain", "ports", "stream", "store", "telemetry", "metrics", "notify", "gates", "intake", "egress"],
};

describe("the house", () => {
  it("imports in one direction inside the server: domain ← ports ← siblings ← http ← main", () => {
    const wrong = sources
      .filter((path) => path.startsWith("packages/server/src/"))
      .flatMap((path) => {
        const room = path.split("/")[3] ?? "";
        const allowed = SERVER_ROOMS[room];
        if (!allowed) return [];
        return importsOf(path)
          .filter((specifier) => specifier.startsWith("."))
          .map((specifier) => normalize(join(dirname(path), specifier)).split("/")[3] ?? "")
          .filter((target) => target !== room && !allowed.includes(target))
          .map((target) => `${path} imports from ${target}/`);
      });
    expect(wrong).toEqual([]);
  });

  it("keeps core free of every platform and dependency", () => {
    const wrong = sources
      .filter((path) => path.startsWith("packages/core/src/"))
      .flatMap((path) =>
        importsOf(path)
          .filter((specifier) => !specifier.startsWith("."))
          .map((specifier) => `${path} imports ${specifier}`),
      );
    expect(wrong).toEqual([]);
  });

  it("imports packages by name, never across folders", () => {
    const wrong = sources.flatMap((path) => {
      const home = path.split("/").slice(0, 3).join("/");
      return importsOf(path)
        .filter((specifier) => specifier.startsWith(".") && !normalize(join(dirname(path), specifier)).startsWith(home))
        .map((specifier) => `${path} imports ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  it("has no circles of files, not even of types", () => {
    const imports = new Map(sources.map((path) => [path, importsInside(path)]));
    expect(inCircles(imports)).toEqual([]);
  });

  it("has no circles of rooms inside the server's domain", () => {
    const domain = "packages/server/src/domain/";
    const roomOf = (path: string) => path.slice(domain.length).split("/")[0] ?? "";
    const imports = new Map<string, Set<string>>();
    for (const path of sources.filter((source) => source.startsWith(domain))) {
      const room = roomOf(path);
      const others = importsInside(path)
        .map(roomOf)
        .filter((other) => other !== room);
      imports.set(room, new Set([...(imports.get(room) ?? []), ...others]));
    }
    expect(imports.size).toBeGreaterThan(10);
    expect(inCircles(imports)).toEqual([]);
  });

  it("leaves the clock, timers, randomness and the environment to main, to the SDKs' ports, and to what people run", () => {
    const edge = /packages\/server\/src\/(main|index)|packages\/(cli|dashboard|sdk-[a-z]+)\/src\/|examples\//;
    const wrong = sources
      .filter((path) => !edge.test(path))
      .filter((path) =>
        /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.env\b|\bset(?:Timeout|Interval)\(|\bperformance\.now\(/.test(
          codeOf(path),
        ),
      );
    expect(wrong).toEqual([]);
  });

  it(`keeps files under ${LINES_MAX} lines`, () => {
    const long = sources
      .map((path) => ({ path, lines: read(path).split("\n").length }))
      .filter(({ lines }) => lines > LINES_MAX);
    expect(long).toEqual([]);
  });

  it("says of every export what it is: a docstring stands right before it", () => {
    const declared = /^export (?:declare |async |abstract )*(?:const|function\*?|class|interface|type) (\w+)/;
    // What a component is given is told where the component is.
    const isProps = (path: string, name: string) => path.endsWith(".tsx") && name.endsWith("Props");
    const exported = sources.flatMap((path) => {
      const lines = read(path)
        .split("\n")
        .filter((line) => !line.startsWith("//"));
      const told = new Set<string>();
      return lines.flatMap((line, index) => {
        const name = declared.exec(line)?.[1];
        if (name === undefined || isProps(path, name)) return [];
        // The ways to call a function are told with the first of them.
        if ((lines[index - 1] ?? "").endsWith("*/")) told.add(name);
        return [{ path, name, isTold: told.has(name) }];
      });
    });
    expect(exported.length).toBeGreaterThan(2_000);
    expect(exported.filter(({ isTold }) => !isTold).map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
  });

  it("never sleeps in a test", () => {
    const sleepers = tracked
      .filter((path) => /\.(test|contract)\.tsx?$/.test(path) && !path.startsWith("test/house/"))
      .filter((path) => /setTimeout\([^,]+, *[0-9_]{3,}\)|sleep\([0-9_]{3,}/.test(read(path)));
    expect(sleepers).toEqual([]);
  });
});
