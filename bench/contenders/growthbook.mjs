export const name = "@growthbook/growthbook";
export const pkg = "@growthbook/growthbook";

const CONDITIONS = {
  in: ({ attribute, values }) => ({ [attribute]: { $in: values } }),
  endsWith: ({ attribute, value }) => ({ [attribute]: { $regex: `${value.replaceAll(".", "\\.")}$` } }),
  greaterThan: ({ attribute, value }) => ({ [attribute]: { $gt: value } }),
  segment: ({ segment }) => ({ id: { $inGroup: segment } }),
};

const conditionOf = (condition) => CONDITIONS[condition.kind](condition);

export const payload = (spec) =>
  JSON.stringify({
    features: Object.fromEntries(
      spec.flags.map((flag) => [
        flag.key,
        {
          defaultValue: false,
          rules: [
            ...flag.conditions.map((condition) => ({ condition: conditionOf(condition), force: true })),
            { coverage: flag.percentage / 100, hashAttribute: "id", force: true },
          ],
        },
      ]),
    ),
    savedGroups: spec.segments,
  });

export const load = () => import("@growthbook/growthbook");

export async function open(text) {
  const { GrowthBookClient } = await load();
  const client = new GrowthBookClient();
  client.initSync({ payload: JSON.parse(text) });
  return {
    user: (user) => ({ attributes: { id: user.id, ...user.attributes } }),
    isEnabled: (key, user) => client.isOn(key, user),
    close: async () => client.destroy(),
  };
}
