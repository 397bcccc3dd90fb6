export const name = "@statsig/statsig-node-core";
export const pkg = "@statsig/statsig-node-core";

const bare = { additionalValues: {}, isDeviceBased: false, idType: "userID" };
const PUBLIC = { type: "public", targetValue: null, operator: null, field: null, ...bare };

const CONDITIONS = {
  in: ({ attribute, values }) => ({
    type: "user_field",
    targetValue: values,
    operator: "any",
    field: attribute,
    ...bare,
  }),
  endsWith: ({ attribute, value }) => ({
    type: "user_field",
    targetValue: [value],
    operator: "str_ends_with_any",
    field: attribute,
    ...bare,
  }),
  greaterThan: ({ attribute, value }) => ({
    type: "user_field",
    targetValue: value,
    operator: "gt",
    field: attribute,
    ...bare,
  }),
  segment: ({ segment }, segments) => ({
    type: "user_field",
    targetValue: segments[segment],
    operator: "any",
    field: "userID",
    ...bare,
  }),
};

const conditionOf = (condition, segments) => CONDITIONS[condition.kind](condition, segments);

const ruleOf = (flag, index, condition, passPercentage) => ({
  name: `rule-${index}`,
  groupName: null,
  passPercentage,
  conditions: [condition],
  returnValue: true,
  id: `${flag.key}-${index}`,
  salt: `${flag.key}-${index}`,
  idType: "userID",
});

export function payload(spec) {
  const conditions = { all: PUBLIC };
  const gates = spec.flags.map((flag) => {
    const rules = flag.conditions.map((condition, i) => {
      const hash = `${flag.key}-${i}`;
      conditions[hash] = conditionOf(condition, spec.segments);
      return ruleOf(flag, i, hash, 100);
    });
    return [
      flag.key,
      {
        type: "feature_gate",
        entity: "feature_gate",
        salt: flag.key,
        enabled: true,
        defaultValue: false,
        rules: [...rules, ruleOf(flag, rules.length, "all", flag.percentage)],
        idType: "userID",
        version: 1,
      },
    ];
  });
  return JSON.stringify({
    has_updates: true,
    time: 1_700_000_000_000,
    company_id: "bench",
    response_format: "dcs-v2",
    feature_gates: Object.fromEntries(gates),
    dynamic_configs: {},
    layer_configs: {},
    param_stores: {},
    layers: {},
    condition_map: conditions,
    id_lists: {},
    diagnostics: {},
    default_environment: null,
    app_id: "bench",
    sdk_configs: {},
    sdk_flags: {},
    experiment_to_layer: {},
    session_replay_info: null,
  });
}

export const load = () => import("@statsig/statsig-node-core");

export async function open(text) {
  const { default: statsigModule, ...named } = await load();
  const { Statsig, StatsigUser } = { ...statsigModule, ...named };
  const client = new Statsig("secret-bench", {
    disableNetwork: true,
    disableAllLogging: true,
    disableCountryLookup: true,
    outputLogLevel: "none",
    dataStore: {
      initialize: async () => {},
      shutdown: async () => {},
      get: async () => ({ result: text, time: 1_700_000_000_000 }),
      set: async () => {},
      supportPollingUpdatesFor: async () => false,
    },
    specAdaptersConfig: [{ adapterType: "data_store", initTimeoutMs: 3000 }],
  });
  await client.initialize();
  const quiet = { disableExposureLogging: true };
  return {
    user: (user) =>
      new StatsigUser({
        userID: user.id,
        country: user.attributes.country,
        email: user.attributes.email,
        custom: { age: user.attributes.age },
      }),
    isEnabled: (key, user) => client.checkGate(user, key, quiet),
    close: () => client.shutdown(1000),
  };
}
