/**
 * Flags in a form that belongs to no product; each contender translates it into its own.
 *
 * @typedef {{ kind: "in", attribute: string, values: readonly string[] } | { kind: "endsWith", attribute: string, value: string } | { kind: "greaterThan", attribute: string, value: number } | { kind: "segment", segment: string }} Condition
 *   Gives "on" to whoever it holds for; conditions are asked in order.
 * @typedef {{ key: string, conditions: readonly Condition[], percentage: number }} FlagSpec
 *   `percentage`: whole percents of the users that no condition caught. Whole, because not every peer has finer steps.
 * @typedef {{ flags: readonly FlagSpec[], segments: { readonly [key: string]: readonly string[] } }} Spec
 * @typedef {{ id: string, attributes: { readonly [name: string]: string | number } }} UserSpec
 */

/** Marsaglia's xorshift32: the same users and flags in every process, without storing them. */
export function randomSource(seed) {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const hex = (random, digits) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");

/** Looks like the ids that services have: 36 characters, as a version 4 UUID. */
const uuid = (random) => `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 12)}`;

const COUNTRIES = "AR AT AU BE BR CA CH CZ DE DK ES FI FR GB GR IE IN IT JP KR MX NL NO NZ PL PT SE SG US ZA".split(
  " ",
);

/** @returns {UserSpec[]} */
export function makeUsers(count, seed = 1) {
  const random = randomSource(seed);
  const users = Array.from({ length: count }, () => ({
    id: uuid(random),
    attributes: {
      country: COUNTRIES[Math.floor(random() * COUNTRIES.length)],
      email: `${hex(random, 10)}@${random() < 0.02 ? "corp" : "mail"}.example`,
      age: 18 + Math.floor(random() * 60),
    },
  }));
  // Flat strings, as a request's parser makes them, not the ropes of the concatenations above.
  return JSON.parse(JSON.stringify(users));
}

/** @returns {FlagSpec[]} */
function makeFlags(count, seed = 2) {
  const random = randomSource(seed);
  return Array.from({ length: count }, (_, i) => ({
    key: `team${i % 17}.feature-${i}`,
    conditions: [],
    percentage: 1 + Math.floor(random() * 99),
  }));
}

/**
 * The scenarios of the evaluation benchmark, asked for the users of `makeUsers(10_000, 1)`.
 *
 * @type {readonly { id: number, title: string, spec: () => Spec }[]}
 */
export const SCENARIOS = [
  {
    id: 1,
    title: "one flag, 50 %, 10,000 ids",
    spec: () => ({ flags: [{ key: "checkout.new-flow", conditions: [], percentage: 50 }], segments: {} }),
  },
  {
    id: 2,
    // Seven users of eight match none of them, so that all three are asked.
    title: "three attribute rules, then 25 %",
    spec: () => ({
      flags: [
        {
          key: "checkout.new-flow",
          conditions: [
            { kind: "in", attribute: "country", values: ["AT", "CH"] },
            { kind: "endsWith", attribute: "email", value: "@corp.example" },
            { kind: "greaterThan", attribute: "age", value: 75 },
          ],
          percentage: 25,
        },
      ],
      segments: {},
    }),
  },
  { id: 3, title: "1,000 flags, a random one", spec: () => ({ flags: makeFlags(1000), segments: {} }) },
  {
    id: 4,
    // Every other user asked for is in it; the others have to be looked up in vain.
    title: "a segment of 10,000 ids first, then 50 %",
    spec: () => ({
      flags: [{ key: "checkout.new-flow", conditions: [{ kind: "segment", segment: "beta-testers" }], percentage: 50 }],
      segments: {
        "beta-testers": [...makeUsers(10_000, 1).filter((_user, i) => i % 2 === 0), ...makeUsers(5000, 3)].map(
          ({ id }) => id,
        ),
      },
    }),
  },
];
