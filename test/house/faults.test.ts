import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { FAULTS } from "../faults/matrix.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

describe("the table of faults", () => {
  it("has all 36, each with a test and with a time", () => {
    expect(FAULTS).toHaveLength(36);
    for (const { fault, tests } of FAULTS) expect(tests.length, fault).toBeGreaterThan(0);
  });

  it.each(FAULTS.flatMap(({ fault, tests }) => tests.map(([file, title]) => ({ fault, file, title }))))(
    "links a test that there is: $fault, $file, $title",
    ({ file, title }) => {
      const path = join(ROOT, file);
      expect(existsSync(path), `${file} is there`).toBe(true);
      expect(readFileSync(path, "utf8")).toContain(title);
    },
  );

  it("stands in the documentation as it was generated", () => {
    const check = spawnSync(process.execPath, [join("scripts", "faults-table.mjs"), "--check"], {
      cwd: ROOT,
      encoding: "utf8",
    });
    expect(check.stderr).toBe("");
    expect(check.status).toBe(0);
  });
});
