import { describe, expect, it } from "vitest";
import { PLAN_BYTES_MAX, readSource } from "./source.ts";
import { PLAN_DEPTH_MAX } from "./yaml.ts";

const M = PLAN_BYTES_MAX;
const laughs = [
  "a: &a [x, x, x, x, x, x, x, x, x]",
  ..."bcdefghij"
    .split("")
    .map((letter, index) => `${letter}: &${letter} [${Array(9).fill(`*${"abcdefghi"[index]}`).join(", ")}]`),
].join("\n");

/** A megabyte of each would keep a careless reader busy for seconds, or end its process. */
const HOSTILE: { readonly [what: string]: { readonly text: string; readonly message: RegExp } } = {
  "more than a megabyte": { text: "a".repeat(M + 1), message: /larger than 1 MiB/ },
  "more than a megabyte in two-byte letters": { text: "ä".repeat(M / 2 + 1), message: /larger than 1 MiB/ },
  "open brackets": { text: "[".repeat(M), message: /nests deeper/ },
  "open braces": { text: "{".repeat(M), message: /nests deeper/ },
  "closed brackets": { text: "[".repeat(M / 2) + "]".repeat(M / 2), message: /nests deeper/ },
  "lists within lists": { text: "- ".repeat(M / 2), message: /nests deeper/ },
  "keys within keys": { text: "? ".repeat(M / 2), message: /nests deeper/ },
  "steps of indentation": {
    text: Array.from({ length: 1400 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
    message: /nests deeper/,
  },
  "a hundred thousand keys": {
    text: Array.from({ length: 60_000 }, (_, index) => `key${index}: 1`).join("\n"),
    message: /too long/,
  },
  commas: { text: `[${",".repeat(M - 2)}]`, message: /too long/ },
  directives: { text: "%a\n".repeat(M / 4), message: /too long/ },
  quotes: { text: '"'.repeat(M), message: /too long/ },
  "escapes that don't exist": { text: `"${"\\x".repeat(M / 2 - 2)}"`, message: /longer than 64 KiB/ },
  "a text without an end": { text: "a: >\n".concat(" x\n".repeat(M / 4)), message: /longer than 64 KiB/ },
  "a billion laughs": { text: laughs, message: /more than 20,000 values/ },
  "an alias of what it is in": { text: "a: &a [*a]", message: /nests deeper/ },
};

describe("a hostile text is refused", () => {
  it.each(Object.entries(HOSTILE))("%s", (_, { text, message }) => {
    const read = readSource(text);
    expect(read.kind).toBe("unreadable");
    expect(read.problems[0]?.message).toMatch(message);
    expect(read.problems).toHaveLength(1);
  });
});

describe("a text", () => {
  const read = (text: string) => {
    const result = readSource(text);
    if (result.kind !== "read") throw new Error(result.problems[0]?.message);
    return result;
  };

  it("that is empty, or nothing but comments, is told so", () => {
    for (const text of ["", "\n\n", "# only this\n", "---\n"])
      expect(readSource(text).problems[0]?.message).toBe("the plan is empty");
  });

  it("becomes JSON without a prototype", () => {
    const { source } = read("__proto__: { a: 1 }\nconstructor: 2");
    expect(Object.getPrototypeOf(source.json)).toBeNull();
    expect(JSON.stringify(source.json)).toBe('{"__proto__":{"a":1},"constructor":2}');
  });

  it("remembers where its keys and values stand", () => {
    const { source } = read("a:\n  b: [1,\n    two]\n");
    expect(source.locate(["a", "b", 1], "value")).toEqual({ line: 3, column: 5, endColumn: 8 });
    expect(source.locate(["a", "b"], "key")).toEqual({ line: 2, column: 3, endColumn: 4 });
  });

  it("points at the name of what something is missing from", () => {
    expect(read("a:\n  b: 1\n").source.locate(["a", "c", "d"], "value")).toEqual({ line: 1, column: 1, endColumn: 2 });
  });

  it("with Windows line ends and a byte order mark is read like any other", () => {
    const { source } = read("\uFEFFa: 1\r\nb: two\r\n");
    expect(JSON.stringify(source.json)).toBe('{"a":1,"b":"two"}');
    expect(source.locate(["b"], "value")).toMatchObject({ line: 2, column: 4 });
  });

  it("may use anchors for what it repeats", () => {
    expect(JSON.stringify(read("a: &x [1, 2]\nb: *x\n").source.json)).toBe('{"a":[1,2],"b":[1,2]}');
  });

  it("may nest as deep as the limit", () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(readSource(nested(PLAN_DEPTH_MAX)).kind).toBe("read");
    expect(readSource(nested(PLAN_DEPTH_MAX + 2)).kind).toBe("unreadable");
  });
});
