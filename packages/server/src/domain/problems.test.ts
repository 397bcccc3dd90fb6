import { describe, expect, it } from "vitest";
import { alreadyExists, environmentNotFound, flagNotFound, quoted, segmentNotFound, wasDeleted } from "./problems.ts";

describe("a refusal", () => {
  it("of an unknown flag names the nearest, or says where to look", () => {
    expect(flagNotFound("sliceB_document", ["sliceB_documents", "checkout"])).toMatchObject({
      code: "FLAG_NOT_FOUND",
      detail: 'There is no flag "sliceB_document".',
      hint: expect.stringMatching(/^Did you mean "sliceB_documents"\?/),
      suggestions: ["sliceB_documents"],
    });
    const lost = flagNotFound("billing", ["checkout"]);
    expect(lost).not.toHaveProperty("suggestions");
    expect(lost.hint).toContain("POST /api/v1/flags");
    expect(segmentNotFound("x", []).code).toBe("SEGMENT_NOT_FOUND");
  });

  it("of an unknown environment names all that there are", () => {
    const problem = environmentNotFound("prodution", ["development", "staging", "production"]);
    expect(problem).toMatchObject({
      hint: "The environments are development, staging, production.",
      suggestions: ["production"],
    });
  });

  it("of a key that is taken or was deleted says how to go on", () => {
    expect(alreadyExists("flag", "a").hint).toContain("PATCH /api/v1/flags/a");
    expect(wasDeleted("segment", "s", 1_767_578_400_000)).toMatchObject({
      code: "SEGMENT_DELETED",
      detail: expect.stringContaining("2026-01-05T02:00:00.000Z"),
      hint: expect.stringContaining('"reuse": true'),
    });
  });

  it("shows what was sent without control characters, and not all of it", () => {
    expect(quoted("a\u001b[31m\n")).toBe('"a\\u001b[31m\\n"');
    expect(quoted("x".repeat(500))).toHaveLength(82);
  });
});
