export const name = "configcat-node";
export const pkg = "configcat-node";

const COMPARATORS = { textIsOneOf: 0, numberGreater: 14, textEndsWithAnyOf: 32 };
const served = (value) => ({ v: { b: value }, i: "" });

const CONDITIONS = {
  in: ({ attribute, values }) => ({ u: { a: attribute, c: COMPARATORS.textIsOneOf, l: values } }),
  endsWith: ({ attribute, value }) => ({ u: { a: attribute, c: COMPARATORS.textEndsWithAnyOf, l: [value] } }),
  greaterThan: ({ attribute, value }) => ({ u: { a: attribute, c: COMPARATORS.numberGreater, d: value } }),
  segment: () => ({ s: { s: 0, c: 0 } }),
};

const conditionOf = (condition) => CONDITIONS[condition.kind](condition);

export const payload = (spec) =>
  JSON.stringify({
    p: { u: "http://127.0.0.1:9", r: 0, s: "salt" },
    s: Object.entries(spec.segments).map(([key, ids]) => ({
      n: key,
      r: [{ a: "Identifier", c: COMPARATORS.textIsOneOf, l: ids }],
    })),
    f: Object.fromEntries(
      spec.flags.map((flag) => [
        flag.key,
        {
          t: 0,
          r: flag.conditions.map((condition) => ({ c: [conditionOf(condition)], s: served(true) })),
          p: [
            { p: flag.percentage, ...served(true) },
            { p: 100 - flag.percentage, ...served(false) },
          ],
          ...served(false),
        },
      ]),
    ),
  });

export const load = () => import("configcat-node");

export async function open(text) {
  const { getClient, PollingMode, User, createConsoleLogger, LogLevel } = await load();
  const client = getClient("configcat-sdk-1/bench-bench-bench-benc/bench-bench-bench-benc", PollingMode.ManualPoll, {
    offline: true,
    logger: createConsoleLogger(LogLevel.Off),
    cache: { get: () => `${Date.now()}\n\n${text}`, set: () => {} },
  });
  await client.waitForReady();
  const snapshot = client.snapshot();
  return {
    user: (user) => new User(user.id, undefined, undefined, user.attributes),
    isEnabled: (key, user) => snapshot.getValue(key, false, user),
    close: async () => client.dispose(),
  };
}
