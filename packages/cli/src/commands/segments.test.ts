import type { SegmentView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi, type Routes } from "../testing/fake-api.ts";
import { rampart, type FakeOptions } from "../testing/fake-io.ts";

const TESTERS: SegmentView = {
  key: "testers",
  description: "People who asked for it",
  included: ["anna", "bert"],
  excluded: ["eve"],
  rules: [{ clauses: [{ attribute: "email", op: "endsWith", values: ["@example.com"], negate: false }] }],
  createdAt: "2026-01-01T12:00:00.000Z",
  updatedAt: "2026-01-05T11:57:00.000Z",
};

async function segments(routes: Routes, argv: readonly string[], options: FakeOptions = {}) {
  const api = await fakeApi(routes);
  return { ...(await rampart(["segments", ...argv, "--url", api.url], options)), seen: api.seen };
}

describe("segments", () => {
  it("are listed with the size of each", async () => {
    const { stdout } = await segments({ "GET /api/v1/segments": { body: { items: [TESTERS] } } }, ["list"]);
    expect(stdout).toBe(
      [
        "SEGMENT  INCLUDED  EXCLUDED  RULES  UPDATED    DESCRIPTION",
        "testers         2         1      1  3 min ago  People who asked for it",
        "",
      ].join("\n"),
    );
  });

  it("are shown with ids and rules, or exactly as the API has them", async () => {
    const routes = { "GET /api/v1/segments/testers": { body: TESTERS } };
    const { stdout } = await segments(routes, ["get", "testers"]);
    expect(stdout).toContain("included     anna, bert");
    expect(stdout).toContain('  email endsWith "@example.com"');
    expect(JSON.parse((await segments(routes, ["get", "testers", "--json"])).stdout)).toEqual(TESTERS);
  });

  it("are made of ids, and of rules from a file", async () => {
    const argv = ["create", "testers", "--include", "anna", "--exclude", "eve", "--file", "-"];
    const { code, stdout, seen } = await segments({ "POST /api/v1/segments": { body: TESTERS } }, argv, {
      stdin: JSON.stringify({ rules: TESTERS.rules }),
    });
    expect(code).toBe(0);
    expect(stdout).toBe("created segment testers (2 included, 1 excluded, 1 rule)\n");
    expect(seen[0]?.body).toEqual({ key: "testers", included: ["anna"], excluded: ["eve"], rules: TESTERS.rules });
  });

  it("are changed id by id: an id that is included is no longer excluded", async () => {
    const routes = {
      "GET /api/v1/segments/testers": { body: TESTERS },
      "PATCH /api/v1/segments/testers": { body: TESTERS },
    };
    const { seen } = await segments(routes, [
      "set",
      "testers",
      "--include",
      "eve",
      "--include",
      "carl",
      "--remove",
      "anna",
      "--description",
      "New",
    ]);
    expect(seen[1]?.body).toEqual({ description: "New", included: ["bert", "eve", "carl"], excluded: [] });
    const nothing = await segments(routes, ["set", "testers"]);
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toContain("--include");
  });

  it("are deleted", async () => {
    const { code, stdout } = await segments({ "DELETE /api/v1/segments/testers": { status: 204 } }, [
      "delete",
      "testers",
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "deleted segment testers\n" });
  });
});
