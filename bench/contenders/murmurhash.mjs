/** The npm `murmurhash` on the id alone: no lookup, no rules. */

export const name = "npm murmurhash";
export const pkg = "murmurhash";
/** It hashes and does nothing else, so only the first scenario means something. */
export const scenarios = [1];

export const payload = (spec) => JSON.stringify(spec);

export const load = () => import("murmurhash");

export async function open(text) {
  const { default: murmurhash } = await load();
  const [flag] = JSON.parse(text).flags;
  const seed = murmurhash.v3(flag.key, 0);
  const limit = Math.ceil((flag.percentage * 1000 * 2 ** 32) / 100_000);
  return { user: (user) => user.id, isEnabled: (_key, id) => murmurhash.v3(id, seed) < limit, close: async () => {} };
}
