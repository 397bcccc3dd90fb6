import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const name = "@launchdarkly/node-server-sdk";
export const pkg = "@launchdarkly/node-server-sdk";

const CONDITIONS = {
  in: ({ attribute, values }) => ({ attribute, op: "in", values, negate: false }),
  endsWith: ({ attribute, value }) => ({ attribute, op: "endsWith", values: [value], negate: false }),
  greaterThan: ({ attribute, value }) => ({ attribute, op: "greaterThan", values: [value], negate: false }),
  segment: ({ segment }) => ({ attribute: "", op: "segmentMatch", values: [segment], negate: false }),
};

const conditionOf = (condition) => CONDITIONS[condition.kind](condition);

export const payload = (spec) =>
  JSON.stringify({
    flags: Object.fromEntries(
      spec.flags.map((flag) => [
        flag.key,
        {
          key: flag.key,
          version: 1,
          on: true,
          prerequisites: [],
          targets: [],
          contextTargets: [],
          rules: flag.conditions.map((condition, i) => ({
            id: `rule-${i}`,
            clauses: [conditionOf(condition)],
            variation: 0,
            trackEvents: false,
          })),
          fallthrough: {
            rollout: {
              variations: [
                { variation: 0, weight: flag.percentage * 1000 },
                { variation: 1, weight: (100 - flag.percentage) * 1000 },
              ],
            },
          },
          offVariation: 1,
          variations: [true, false],
          salt: flag.key,
          trackEvents: false,
        },
      ]),
    ),
    segments: Object.fromEntries(
      Object.entries(spec.segments).map(([key, included]) => [
        key,
        { key, version: 1, included, excluded: [], rules: [], salt: key },
      ]),
    ),
  });

export const load = () =>
  Promise.all([import("@launchdarkly/node-server-sdk"), import("@launchdarkly/node-server-sdk/integrations")]);

export async function open(text) {
  // Its data source for tests and offline use reads files; it prepares flags and segments as the streaming one does.
  const folder = mkdtempSync(join(tmpdir(), "rampart-bench-"));
  const path = join(folder, "flags.json");
  writeFileSync(path, text);
  const [{ init }, { FileDataSourceFactory }] = await load();
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const client = init("sdk-bench", {
    updateProcessor: new FileDataSourceFactory({ paths: [path], autoUpdate: false }).getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: quiet,
  });
  await client.waitForInitialization({ timeout: 10 });
  rmSync(folder, { recursive: true });
  return {
    user: (user) => ({ kind: "user", key: user.id, ...user.attributes }),
    isEnabled: (key, user) => client.boolVariation(key, user, false),
    async: true,
    close: async () => client.close(),
  };
}
