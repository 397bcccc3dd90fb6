import { describe, expect, it } from "vitest";
import { match } from "./match.ts";

describe("an address of the console", () => {
  it.each([
    ["/", "/", {}],
    ["/flags", "/flags/", {}],
    ["/rollouts/:id", "/rollouts/ab12", { id: "ab12" }],
    ["/flags/:key*", "/flags/team/new-search", { key: "team/new-search" }],
    ["/flags/:key*", "/flags/team%2Fnew%20search", { key: "team/new search" }],
  ])("%s is met by %s", (pattern, path, params) => {
    expect(match(pattern, path)).toEqual(params);
  });

  it.each([
    ["/flags", "/flags/a"],
    ["/rollouts/:id", "/rollouts"],
    ["/rollouts/:id", "/rollouts/a/b"],
    ["/flags/:key*", "/flags/%"],
  ])("%s is not met by %s", (pattern, path) => {
    expect(match(pattern, path)).toBeUndefined();
  });
});
