export const name = "@openfeature/flagd-core";
export const pkg = "@openfeature/flagd-core";

const CONDITIONS = {
  in: ({ attribute, values }) => ({ in: [{ var: attribute }, values] }),
  endsWith: ({ attribute, value }) => ({ ends_with: [{ var: attribute }, value] }),
  greaterThan: ({ attribute, value }) => ({ ">": [{ var: attribute }, value] }),
  segment: ({ segment }, segments) => ({ in: [{ var: "targetingKey" }, segments[segment]] }),
};

const conditionOf = (condition, segments) => CONDITIONS[condition.kind](condition, segments);

const targetingOf = (flag, segments) => {
  const share = {
    fractional: [
      ["on", flag.percentage],
      ["off", 100 - flag.percentage],
    ],
  };
  return flag.conditions.length === 0
    ? share
    : { if: [...flag.conditions.flatMap((condition) => [conditionOf(condition, segments), "on"]), share] };
};

export const payload = (spec) =>
  JSON.stringify({
    flags: Object.fromEntries(
      spec.flags.map((flag) => [
        flag.key,
        {
          state: "ENABLED",
          variants: { on: true, off: false },
          defaultVariant: "off",
          targeting: targetingOf(flag, spec.segments),
        },
      ]),
    ),
  });

export const load = () => import("@openfeature/flagd-core");

export async function open(text) {
  const { FlagdCore } = await load();
  const core = new FlagdCore();
  core.setConfigurations(text);
  return {
    user: (user) => ({ targetingKey: user.id, ...user.attributes }),
    isEnabled: (key, user) => core.resolveBooleanEvaluation(key, false, user).value,
    close: async () => {},
  };
}
