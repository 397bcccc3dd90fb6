/**
 * Flags as the API takes them, whose snapshot weighs about `bytes`: each has rules, as far as there is room.
 *
 * @param {{ count: number, bytes: number }} size
 */
export function flagsOfBytes({ count, bytes }) {
  const each = Math.floor(bytes / count);
  return Array.from({ length: count }, (_, i) => ({
    key: `team${i % 9}.feature-${i}`,
    config: configOfBytes(each, i),
  }));
}

/** What a flag with one rule weighs before the rule's list is filled. */
const HEAD_BYTES = 190;

function configOfBytes(bytes, seed) {
  const room = Math.max(0, bytes - HEAD_BYTES);
  if (room === 0) return { enabled: true, fallthrough: { percentage: seed % 100 } };
  // `"c-1234",` is nine bytes.
  const values = Array.from(
    { length: Math.max(1, Math.floor(room / 9)) },
    (_, i) => `c-${1000 + ((seed * 31 + i) % 9000)}`,
  );
  return {
    enabled: true,
    fallthrough: { percentage: seed % 100 },
    rules: [
      { id: "rule-1", clauses: [{ attribute: "customer", op: "in", values, negate: false }], serve: { variant: "on" } },
    ],
  };
}
