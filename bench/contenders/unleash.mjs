export const name = "unleash-client";
export const pkg = "unleash-client";

const constrained = (constraint) => ({ name: "default", parameters: {}, constraints: [constraint] });

const CONDITIONS = {
  in: ({ attribute, values }) => constrained({ contextName: attribute, operator: "IN", values }),
  endsWith: ({ attribute, value }) =>
    constrained({ contextName: attribute, operator: "STR_ENDS_WITH", values: [value] }),
  greaterThan: ({ attribute, value }) =>
    constrained({ contextName: attribute, operator: "NUM_GT", value: String(value), values: [] }),
  segment: () => ({ name: "default", parameters: {}, constraints: [], segments: [1] }),
};

const strategyOf = (condition) => CONDITIONS[condition.kind](condition);

export const payload = (spec) =>
  JSON.stringify({
    version: 2,
    features: spec.flags.map((flag) => ({
      name: flag.key,
      type: "release",
      enabled: true,
      project: "default",
      stale: false,
      strategies: [
        ...flag.conditions.map(strategyOf),
        {
          name: "flexibleRollout",
          parameters: { rollout: String(flag.percentage), stickiness: "userId", groupId: flag.key },
          constraints: [],
        },
      ],
      variants: [],
    })),
    segments: Object.values(spec.segments).map((ids, i) => ({
      id: i + 1,
      constraints: [{ contextName: "userId", operator: "IN", values: ids }],
    })),
  });

export const load = () => import("unleash-client");

export async function open(text) {
  const { Unleash, InMemStorageProvider } = await load();
  const { features, segments } = JSON.parse(text);
  const client = new Unleash({
    appName: "bench",
    url: "http://127.0.0.1:9/",
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(),
    // The bootstrap is what it serves from; the one attempt to fetch is answered from here too.
    bootstrap: { data: features, segments },
    disableAutoStart: true,
  });
  client.on("error", () => {});
  client.on("warn", () => {});
  const ready = new Promise((resolve) => client.once("ready", resolve));
  void client.start();
  await ready;
  return {
    user: (user) => ({ userId: user.id, properties: user.attributes }),
    isEnabled: (key, user) => client.isEnabled(key, user),
    close: async () => client.destroy(),
  };
}
