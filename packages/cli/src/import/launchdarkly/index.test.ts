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
    ).toEqual({ kind: "converted", flags: [], segments: [] });
  });
});
