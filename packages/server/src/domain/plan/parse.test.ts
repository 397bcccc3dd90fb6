import { describe, expect, it } from "vitest";
import { readFileSync, readdirSync } from "node:fs";
import { parsePlan } from "./parse.ts";

describe("a plan", () => {
  it("tmp", () => {
    const dir = new URL("../../../../../examples/plans/", import.meta.url);
    for (const f of readdirSync(dir)) {
    const r = parsePlan(readFileSync(new URL(f, dir), "utf8"));
    console.log(f + " " + r.ok + "\n" + (r.ok ? r.warnings : r.problems).map((p) => `${f}:${p.line}:${p.column}-${p.endColumn} ${p.message}  [${p.value}]\n      hint: ${p.hint}`).join("\n"));
    }
  });
});
