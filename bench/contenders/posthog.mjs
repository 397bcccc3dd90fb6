export const name = "posthog-node";
export const pkg = "posthog-node";

const CONDITIONS = {
  in: ({ attribute, values }) => ({ key: attribute, type: "person", operator: "exact", value: values }),
  endsWith: ({ attribute, value }) => ({
    key: attribute,
    type: "person",
    operator: "regex",
    value: `${value.replaceAll(".", "\\.")}$`,
  }),
  greaterThan: ({ attribute, value }) => ({ key: attribute, type: "person", operator: "gt", value }),
  segment: () => ({ key: "id", type: "cohort", value: 1 }),
};

const conditionOf = (condition) => CONDITIONS[condition.kind](condition);

export const payload = (spec) =>
  JSON.stringify({
    flags: spec.flags.map((flag, i) => ({
      id: i + 1,
      team_id: 1,
      name: "",
      key: flag.key,
      active: true,
      deleted: false,
      filters: {
        groups: [
          ...flag.conditions.map((condition) => ({ properties: [conditionOf(condition)], rollout_percentage: 100 })),
          { properties: [], rollout_percentage: flag.percentage },
        ],
      },
    })),
    group_type_mapping: {},
    cohorts: Object.fromEntries(
      Object.values(spec.segments).map((ids, i) => [
        i + 1,
        { type: "AND", values: [{ key: "uid", type: "person", operator: "exact", value: ids }] },
      ]),
    ),
  });

export const load = () => import("posthog-node");

export async function open(text) {
  const { PostHog } = await load();
  const client = new PostHog("phc_bench", {
    host: "http://127.0.0.1:9",
    personalApiKey: "phx_bench",
    enableLocalEvaluation: true,
    featureFlagsPollingInterval: 2 ** 30,
    fetch: async (url) => {
      const body = /local_evaluation|flag_definitions|flags\/definitions/.test(url) ? text : "{}";
      return { status: 200, text: async () => body, json: async () => JSON.parse(body), headers: { get: () => null } };
    },
  });
  await client.reloadFeatureFlags();
  return {
    user: (user) => ({
      id: user.id,
      options: {
        personProperties: { uid: user.id, ...user.attributes },
        onlyEvaluateLocally: true,
        sendFeatureFlagEvents: false,
      },
    }),
    isEnabled: (key, user) => client.isFeatureEnabled(key, user.id, user.options),
    async: true,
    close: () => client.shutdown(1000),
  };
}
