/** What evaluation costs near the limit: a Map lookup, the conditions written out by hand, murmur3 with the salt in its seed, a compare. */

export const name = "floor";

/** murmur3 x86 32, of a text of ASCII characters. */
export function murmur3(text, seed) {
  const length = text.length;
  const blocksEnd = length & ~3;
  let h = seed;
  let k = 0;
  for (let i = 0; i < blocksEnd; i += 4) {
    k =
      text.charCodeAt(i) |
      (text.charCodeAt(i + 1) << 8) |
      (text.charCodeAt(i + 2) << 16) |
      (text.charCodeAt(i + 3) << 24);
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
    h = (h << 13) | (h >>> 19);
    h = (Math.imul(h, 5) + 0xe6546b64) | 0;
  }
  const tail = length & 3;
  if (tail !== 0) {
    k = text.charCodeAt(blocksEnd);
    if (tail > 1) k |= text.charCodeAt(blocksEnd + 1) << 8;
    if (tail > 2) k |= text.charCodeAt(blocksEnd + 2) << 16;
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
  }
  h ^= length;
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The smallest hash that is outside the cohort: `hash < limit` is `floor(hash × 100000 / 2^32) < percentage × 1000`. */
export const limitOf = (percentage) => Math.ceil((percentage * 1000 * 2 ** 32) / 100_000);

export const payload = (spec) => JSON.stringify(spec);

const entryOf = (flag) => ({ seed: murmur3(flag.key, 0) | 0, limit: limitOf(flag.percentage) });

/** One function for each shape of flag: no hand-written code would ask a flag without rules for its rules. */
export async function open(text) {
  const spec = JSON.parse(text);
  const [first] = spec.flags;
  const conditions = first.conditions;
  const flags = new Map();
  const base = { user: (user) => user.id, close: async () => {} };
  if (conditions.length === 0 || spec.flags.length > 1) {
    for (const flag of spec.flags) flags.set(flag.key, entryOf(flag));
    return {
      ...base,
      isEnabled: (key, id) => {
        const flag = flags.get(key);
        return flag !== undefined && murmur3(id, flag.seed) < flag.limit;
      },
    };
  }
  if (conditions.length === 1) {
    flags.set(first.key, { ...entryOf(first), members: new Set(spec.segments[conditions[0].segment]) });
    return {
      ...base,
      isEnabled: (key, id) => {
        const flag = flags.get(key);
        return flag !== undefined && (flag.members.has(id) || murmur3(id, flag.seed) < flag.limit);
      },
    };
  }
  flags.set(first.key, {
    ...entryOf(first),
    countries: new Set(conditions[0].values),
    domain: conditions[1].value,
    age: conditions[2].value,
  });
  return {
    ...base,
    user: (user) => ({ targetingKey: user.id, ...user.attributes }),
    isEnabled: (key, user) => {
      const flag = flags.get(key);
      if (flag === undefined) return false;
      return (
        flag.countries.has(user.country) ||
        user.email.endsWith(flag.domain) ||
        user.age > flag.age ||
        murmur3(user.targetingKey, flag.seed) < flag.limit
      );
    },
  };
}
