export const name = "flagsmith-nodejs";
export const pkg = "flagsmith-nodejs";

const CONDITIONS = {
  in: ({ attribute, values }) => ({ operator: "IN", property_: attribute, value: values.join(",") }),
  endsWith: ({ attribute, value }) => ({
    operator: "REGEX",
    property_: attribute,
    value: `.*${value.replaceAll(".", "\\.")}$`,
  }),
  greaterThan: ({ attribute, value }) => ({ operator: "GREATER_THAN", property_: attribute, value: String(value) }),
  segment: ({ segment }, segments) => ({
    operator: "IN",
    property_: "$.identity.identifier",
    value: segments[segment].join(","),
  }),
};

const conditionOf = (condition, segments) => CONDITIONS[condition.kind](condition, segments);

const stateOf = (flag, id, enabled) => ({
  feature: { id, name: flag.key, type: "STANDARD" },
  enabled,
  django_id: id,
  feature_state_value: null,
  featurestate_uuid: `00000000-0000-4000-8000-${String(enabled ? id + 1_000_000 : id).padStart(12, "0")}`,
  feature_segment: enabled ? { priority: 0 } : undefined,
  multivariate_feature_state_values: [],
});

/** It ramps a flag by a segment that holds a share of the identities and overrides the flag. */
export const payload = (spec) =>
  JSON.stringify({
    id: 1,
    api_key: "bench",
    name: "bench",
    project: {
      id: 1,
      name: "bench",
      hide_disabled_flags: false,
      organisation: {
        id: 1,
        name: "bench",
        feature_analytics: false,
        stop_serving_flags: false,
        persist_trait_data: false,
      },
      segments: spec.flags.map((flag, i) => ({
        id: i + 1,
        name: flag.key,
        rules: [
          {
            type: "ALL",
            conditions: [],
            rules: [
              {
                type: "ANY",
                rules: [],
                conditions: [
                  ...flag.conditions.map((condition) => conditionOf(condition, spec.segments)),
                  { operator: "PERCENTAGE_SPLIT", property_: null, value: String(flag.percentage) },
                ],
              },
            ],
          },
        ],
        feature_states: [stateOf(flag, i + 1, true)],
      })),
    },
    feature_states: spec.flags.map((flag, i) => stateOf(flag, i + 1, false)),
    identity_overrides: [],
  });

/** The builder of its environment model is not exported; this is the file that its own offline handler imports. */
const builder = () =>
  import(new URL("./flagsmith-engine/environments/util.js", import.meta.resolve("flagsmith-nodejs")).href);

export const load = () => Promise.all([import("flagsmith-nodejs"), builder()]);

export async function open(text) {
  const [{ Flagsmith, BaseOfflineHandler }, { buildEnvironmentModel }] = await load();
  const environment = buildEnvironmentModel(JSON.parse(text));
  class InMemory extends BaseOfflineHandler {
    getEnvironment() {
      return environment;
    }
  }
  const client = new Flagsmith({
    environmentKey: "bench",
    offlineMode: true,
    offlineHandler: new InMemory(),
    enableAnalytics: false,
  });
  return {
    user: (user) => user,
    isEnabled: async (key, user) => (await client.getIdentityFlags(user.id, user.attributes)).isFeatureEnabled(key),
    async: true,
    close: async () => client.close(),
  };
}
