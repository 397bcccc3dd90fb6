import type { JsonObject } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { settled } from "../../testing/import.ts";
import { convertLaunchDarkly } from "./index.ts";

const clauses = [{ attribute: "country", op: "in", values: ["de"], negate: false }];
const config = {
  on: true,
  targets: [{ variation: 1, values: ["ann"] }],
  rules: [{ clauses, variation: 1 }],
  fallthrough: {
    rollout: {
      variations: [
        { variation: 0, weight: 50_000 },
        { variation: 1, weight: 50_000 },
      ],
    },
  },
  offVariation: 0,
};

/** The same flag as SDKs are sent it, and as the API lists it. */
const sent: JsonObject = {
  flags: {
    banner: {
      key: "banner",
      variations: ["plain", "loud"],
      clientSideAvailability: { usingEnvironmentId: true },
      ...config,
    },
  },
  segments: {},
};
const listed: JsonObject = {
  items: [
    {
      key: "banner",
      name: "Banner",
      description: "What hangs over the door",
      tags: ["web", ""],
      clientSideAvailability: { usingEnvironmentId: true },
      variations: [
        { _id: "1", value: "plain", name: "Plain" },
        { _id: "2", value: "loud", name: "Loud" },
      ],
      environments: { production: config, test: { ...config, on: false } },
    },
    { key: "old", archived: true, variations: [{ _id: "1", value: true }], environments: {} },
  ],
};

const wholeOf = (file: JsonObject, environment?: string) =>
  settled(convertLaunchDarkly(file, { environment })).flags.map(({ whole }) => whole);

describe("a list of LaunchDarkly's API", () => {
  it("says of one environment what its SDKs are sent, with the names that people gave", () => {
    const [there] = wholeOf(sent);
    const [here] = wholeOf(listed, "production");
    expect(there?.config).toMatchObject({
      enabled: true,
      offVariant: "plain",
      targets: { ann: "loud" },
      clientVisible: true,
    });
    expect(here?.config).toEqual(
      JSON.parse(JSON.stringify(there?.config).replaceAll('"plain"', '"Plain"').replaceAll('"loud"', '"Loud"')),
    );
    expect(here?.definition).toEqual({
      key: "banner",
      type: "string",
      description: "Banner: What hangs over the door",
      variants: { Plain: "plain", Loud: "loud" },
      tags: ["web"],
    });
    expect(wholeOf(listed, "test")[0]?.config.enabled).toBe(false);
  });

  it("goes together with the list of segments", () => {
    const using = {
      ...(sent["flags"] as JsonObject),
      gate: {
        variations: [true, false],
        offVariation: 1,
        on: true,
        fallthrough: { variation: 1 },
        rules: [{ clauses: [{ op: "segmentMatch", values: ["testers"] }], variation: 0 }],
      },
    };
    const { flags, segments } = settled(
      convertLaunchDarkly(
        { flags: using, segments: { items: [{ key: "testers", name: "Testers", included: ["ann"] }] } },
        { environment: undefined },
      ),
    );
    expect(flags.map(({ key, findings }) => [key, findings])).toEqual([
      ["banner", []],
      ["gate", []],
    ]);
    expect(segments[0]?.whole).toEqual({
      key: "testers",
      description: "Testers",
      included: ["ann"],
      excluded: [],
      rules: [],
    });
  });
});

describe("other shapes of it", () => {
  it("are a stream's message, a single flag, and values alone", () => {
    expect(wholeOf({ path: "/", data: sent })).toEqual(wholeOf(sent));
    expect(wholeOf((listed["items"] as readonly JsonObject[])[0] ?? {}, "production")).toEqual(
      wholeOf(listed, "production"),
    );
    const values = wholeOf({ flagValues: { a: true, b: false, c: "x", d: 3, e: { n: 1 } } });
    expect(values.map((each) => [each?.definition.type, each?.config.fallthrough])).toEqual([
      ["boolean", { variant: "on" }],
      ["boolean", { variant: "off" }],
      ["string", { variant: "x" }],
      ["number", { variant: "v0" }],
      ["json", { variant: "v0" }],
    ]);
  });

  it("leave out what was deleted", () => {
    expect(
      convertLaunchDarkly(
        { flags: { a: { key: "a", deleted: true } }, segments: { s: { key: "s", deleted: true } } },
        { environment: undefined },
      ),
    ).toEqual({ kind: "converted", flags: [], segments: [], archived: [] });
  });
});

describe("what LaunchDarkly's list lacks", () => {
  const findingsOf = (flag: JsonObject, environment?: string) =>
    settled(
      convertLaunchDarkly({ items: [...(listed["items"] as readonly JsonObject[]), flag] }, { environment }),
    ).flags.at(-1)?.findings;
  const flag = (environments: JsonObject): JsonObject => ({
    key: "gate",
    variations: [
      { _id: "1", value: true },
      { _id: "2", value: false },
    ],
    environments,
  });

  it("is named, with how to get it, and nothing else is said of the flag", () => {
    expect(findingsOf(flag({ test: config, beta: config }), "production")).toEqual([
      {
        kind: "lost",
        path: "/items/2/environments",
        value: undefined,
        reason: "it is not in the environment production; the file has it in test, beta",
        advice: "fetch it with ?env=production&summary=0",
      },
    ]);
    const summary = { on: true, _summary: { variations: {} } };
    expect(findingsOf(flag({ production: summary, test: config }), "production")).toEqual([
      expect.objectContaining({ kind: "lost", advice: "fetch the flags with ?summary=0" }),
    ]);
    const bare = settled(convertLaunchDarkly({ items: [flag({})] }, { environment: undefined }));
    expect(bare.flags[0]?.findings).toMatchObject([{ reason: "it is in the file without any environment" }]);
  });

  it("is not asked for where a file holds what one environment's SDKs are sent", () => {
    expect(wholeOf(sent, "production")).toEqual(wholeOf(sent));
  });

  it("is told where it is the archive", () => {
    expect(convertLaunchDarkly(listed, { environment: "test" })).toMatchObject({ archived: ["old"] });
  });
});

describe("fields that nobody knows here", () => {
  it("are told where they stand, in the flag, its environment, its rules and their clauses", () => {
    const odd = {
      ...config,
      inEnvironment: 1,
      rules: [{ clauses: [{ ...clauses[0], inClause: 1 }], variation: 1, inRule: 1 }],
    };
    const item = { ...(listed["items"] as readonly JsonObject[])[0], inFlag: 1, _api: 1, nothing: null };
    const { flags } = settled(
      convertLaunchDarkly({ items: [{ ...item, environments: { production: odd } }] }, { environment: undefined }),
    );
    expect(flags[0]?.whole).toBeDefined();
    const conditions = flags[0]?.findings.filter(({ kind }) => kind === "condition") ?? [];
    expect(conditions.map(({ kind, path, value }) => [kind, path, value])).toEqual([
      ["condition", "/items/0/inFlag", 1],
      ["condition", "/items/0/environments/production/inEnvironment", 1],
      ["condition", "/items/0/environments/production/rules/0/inRule", 1],
      ["condition", "/items/0/environments/production/rules/0/clauses/0/inClause", 1],
    ]);
  });
});
