import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";

const FOLDER = new URL("../../packages/server/dist/console/assets/", import.meta.url);

/** What is loaded when a plan is written, and not before: the editor's page, and the examples with their scenarios. */
const LATER = /^(?:page|first|phase-9-slice-b|portal-api-v1|portal-api-rc1|spark-trading|flexoraa-backend)[.-]/;

const GZIPPED_MAX_BYTES = 60_000;

describe("the console's program", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".js"));
  const bytesOf = (name: string): number => gzipSync(readFileSync(new URL(name, FOLDER)), { level: 9 }).length;

  it("weighs 60 kB at most with everything but the plan editor, the charts included", () => {
    const early = files.filter((name) => !LATER.test(name));
    expect(early.some((name) => name.startsWith("plot"))).toBe(true);
    expect(early.reduce((sum, name) => sum + bytesOf(name), 0)).toBeLessThanOrEqual(GZIPPED_MAX_BYTES);
  });

  it("leaves the plan editor out of what is loaded first", () => {
    const page = files.find((name) => name.startsWith("page"));
    const first = readFileSync(new URL("../index.html", FOLDER), "utf8");
    expect(page).toBeDefined();
    expect(first).not.toContain(page);
  });
});
