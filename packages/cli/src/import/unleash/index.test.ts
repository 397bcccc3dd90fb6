import type { JsonObject } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { rulesetOf, settled } from "../../testing/import.ts";
import { convertUnleash } from "./index.ts";

const constraints = [{ contextName: "plan", operator: "IN", values: ["pro"], inverted: true }];
const strategies = [
  { name: "default", parameters: {}, constraints },
  {
    name: "flexibleRollout",
    parameters: { rollout: "30", stickiness: "userId", groupId: "checkout" },
    constraints: [],
  },
];

/** The same as SDKs are sent it, and as the console exports it. */
const sent: JsonObject = {
  version: 2,
  features: [
    {
      name: "checkout",
      enabled: true,
      description: "The new one",
      strategies,
      dependencies: [{ feature: "shop", enabled: true }],
    },
    { name: "shop", enabled: true, strategies: [] },
  ],
};
const setting = (featureName: string, environment: string, enabled: boolean) => ({ featureName, environment, enabled });
const exported: JsonObject = {
  features: [{ name: "checkout", description: "The new one" }, { name: "shop" }, { name: "old", archived: true }],
  featureEnvironments: [
    setting("checkout", "production", true),
    setting("shop", "production", true),
    setting("checkout", "test", false),
    setting("shop", "test", true),
  ],
  featureStrategies: [
    ...strategies.map((strategy) => ({ featureName: "checkout", environment: "production", ...strategy })),
    {
      featureName: "checkout",
      environment: "production",
      name: "default",
      parameters: {},
      constraints: [],
      disabled: true,
    },
    { featureName: "checkout", environment: "test", name: "default", parameters: {}, constraints: [] },
  ],
  dependencies: [{ feature: "checkout", dependencies: [{ feature: "shop", enabled: true }] }],
  featureTags: [{ featureName: "checkout", tagType: "simple", tagValue: "web" }],
  segments: [],
};

it("leaves the archive's features behind, which are off for everybody whatever stands in them", () => {
  const archived = { name: "old", enabled: true, archived: true, strategies: [{ name: "default" }] };
  const dependent = { name: "heir", enabled: true, strategies: [], dependencies: [{ feature: "old" }] };
  const converted = settled(convertUnleash({ features: [archived, dependent] }, { environment: undefined }));
  expect(converted.flags.map(({ key, whole }) => [key, whole])).toEqual([["heir", undefined]]);
  expect(converted.archived).toEqual(["old"]);
});

it("tells fields that nobody knows here, in a feature, its strategies and their constraints", () => {
  const odd = { ...strategies[0], inStrategy: 1, constraints: [{ ...constraints[0], inConstraint: 1 }] };
  const file = { features: [{ name: "a", enabled: true, strategies: [odd], inFeature: 1 }] };
  const [flag] = settled(convertUnleash(file, { environment: undefined })).flags;
  expect(flag?.whole).toBeDefined();
  expect(flag?.findings.map(({ kind, path }) => [kind, path])).toEqual([
    ["condition", "/features/0/inFeature"],
    ["condition", "/features/0/strategies/0/inStrategy"],
    ["condition", "/features/0/strategies/0/constraints/0/inConstraint"],
  ]);
});

describe("an export of Unleash's console", () => {
  it("says the same as what its SDKs are sent", () => {
    const [there, here] = [sent, exported].map((file) =>
      settled(convertUnleash(file, { environment: file === sent ? undefined : "production" })),
    );
    expect(here?.flags.map(({ key, whole }) => [key, whole?.config])).toEqual(
      there?.flags.map(({ key, whole }) => [key, whole?.config]),
    );
    expect(here?.segments.map(({ whole }) => whole)).toEqual(there?.segments.map(({ whole }) => whole));
    expect(here?.flags[0]?.whole?.definition).toMatchObject({ description: "The new one", tags: ["web"] });
  });

  it("holds several environments, of which one is chosen", () => {
    expect(convertUnleash(exported, { environment: undefined })).toMatchObject({
      kind: "refused",
      advice: expect.stringContaining("production, test") as string,
    });
    expect(convertUnleash(exported, { environment: "nowhere" })).toMatchObject({ kind: "refused" });
    const test = settled(convertUnleash(exported, { environment: "test" }));
    expect(test.flags.map(({ key, whole }) => [key, whole?.config.enabled])).toEqual([
      ["checkout", false],
      ["shop", true],
    ]);
  });

  it("holds only the names of segments, so that what uses one stays behind", () => {
    const using = {
      featureName: "shop",
      environment: "production",
      name: "default",
      parameters: {},
      constraints: [],
      segments: [3],
    };
    const file = { ...exported, featureStrategies: [using], segments: [{ id: 3, name: "testers" }] };
    const { flags, segments } = settled(convertUnleash(file, { environment: "production" }));
    expect(flags.map(({ key, whole }) => [key, whole === undefined])).toEqual([
      ["checkout", true],
      ["shop", true],
    ]);
    expect(segments[0]?.findings[0]).toMatchObject({
      kind: "lost",
      advice: expect.stringContaining("/api/client/features") as string,
    });
  });
});

describe("a feature whose groups are shared", () => {
  it("keeps one cohort with the others of its group", () => {
    const share = (name: string, groupId: string) => ({
      name,
      enabled: true,
      strategies: [{ name: "flexibleRollout", parameters: { rollout: "50", stickiness: "userId", groupId } }],
    });
    const file = { version: 2, features: [share("a", "wave"), share("b", "wave"), share("c", "c")] };
    const ruleset = rulesetOf(settled(convertUnleash(file, { environment: undefined })));
    const users = Array.from({ length: 200 }, (_, n) => `user-${n}`);
    const cohort = (key: string): readonly string[] => users.filter((user) => ruleset.isEnabled(key, user, false));
    expect(cohort("a")).toEqual(cohort("b"));
    expect(cohort("a")).not.toEqual(cohort("c"));
  });
});

describe("a feature whose strategies are all switched off", () => {
  it("stays behind, as versions of Unleash differ in what that means", () => {
    const file = {
      version: 2,
      features: [{ name: "a", enabled: true, strategies: [{ name: "default", disabled: true }] }],
    };
    expect(settled(convertUnleash(file, { environment: undefined })).flags[0]?.whole).toBeUndefined();
  });
});
