/**
 * Writes `buckets.json`. Everything in it comes from the npm `murmurhash`, which shares no code with the implementation under test.
 *
 *   node packages/core/conformance/generate.mjs
 */
import { writeFileSync } from "node:fs";
import murmurhash from "murmurhash";

const SALT = "conformance";
const SEEDS = [0, 1, 42, 0x7fffffff, 0x80000000, 0xffffffff];
const TEXTS = [
  ["", "a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh", " ", "\u0000", "\u007f", "a\u0000b"],
  ["0b2c5f3e-8a56-4a7e-9d0e-1f4c6b7a8d9e", "user-1", "ann@example.com", "The quick brown fox jumps over the lazy dog"],
  ["é", "aé", "aaé", "aaaé", "aaaaé", "Köln", "naïve café", "\u0080", "\u07ff", "\u0800", "\uffff", "ß".repeat(7)],
  [
    "東京",
    "東京タワー1",
    "пользователь",
    "مستخدم",
    "😀",
    "a😀",
    "ab😀",
    "abc😀",
    "😀😀😀",
    "👩‍👩‍👧‍👦",
    "\u{10000}",
    "\u{10ffff}",
  ],
  ["x".repeat(255), "x".repeat(256), "x".repeat(257), "0123456789".repeat(100), "é".repeat(500), "😀".repeat(333)],
].flat();
const PERCENTAGES = [
  0.001, 0.002, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 12.345, 25, 33.333, 50, 66.667, 75, 90, 95, 99, 99.5, 99.9, 99.99,
  99.999,
];
/** Texts that every JSON reader can read into a text that is not empty, so that they can be ids. */
const IDS = TEXTS.filter((text) => text !== "");

const hash = (text, seed) => murmurhash.v3(text, seed);
const bucketOf = (id, salt) => Number((BigInt(hash(id, hash(salt, 0))) * 100_000n) >> 32n);

/** The first of user-1, user-2, … in a bucket. */
const firstIn = new Map();
const wanted = new Set(
  PERCENTAGES.flatMap((percentage) => [Math.round(percentage * 1000) - 1, Math.round(percentage * 1000)]),
);
wanted.add(0).add(99_999).delete(100_000);
for (let n = 1; firstIn.size < wanted.size; n++) {
  const bucket = bucketOf(`user-${n}`, SALT);
  if (wanted.has(bucket) && !firstIn.has(bucket)) firstIn.set(bucket, `user-${n}`);
}

const flags = [0, ...PERCENTAGES, 100].map((percentage) => ({
  key: `at-${percentage}`,
  revision: 1,
  salt: SALT,
  fallthrough: { percentage },
}));
const cases = [
  ...PERCENTAGES.flatMap((percentage) => {
    const limit = Math.round(percentage * 1000);
    return [
      share(`${percentage} %: the last bucket that is in`, percentage, limit - 1, true),
      share(`${percentage} %: the first bucket that is out`, percentage, limit, false),
    ];
  }),
  ...[0, 99_999].flatMap((bucket) => [whole(0, bucket, false), whole(100, bucket, true)]),
];

function share(name, percentage, bucket, value) {
  const expect = { value, variant: value ? "on" : "off", reason: "SPLIT", bucket };
  return { name, flag: `at-${percentage}`, user: firstIn.get(bucket), default: !value, expect };
}

function whole(percentage, bucket, value) {
  const expect = { value, variant: value ? "on" : "off", reason: "STATIC" };
  return {
    name: `${percentage} %: bucket ${bucket}`,
    flag: `at-${percentage}`,
    user: firstIn.get(bucket),
    default: !value,
    expect,
  };
}

const hashes = TEXTS.flatMap((text) => SEEDS.map((seed) => ({ text, seed, hash: hash(text, seed) })));
const buckets = IDS.flatMap((id) =>
  [SALT, "sliceB_documents", "v1.4.0", "a/ö-salt"].map((salt) => ({ id, salt, bucket: bucketOf(id, salt) })),
);

const rows = (items) => `[\n${items.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`;
writeFileSync(
  new URL("buckets.json", import.meta.url),
  `{
  "description": "Hashes, buckets, and who is in at which percentage. Written by generate.mjs from the npm murmurhash.",
  "hashes": ${rows(hashes)},
  "buckets": ${rows(buckets)},
  "ruleset": { "segments": [], "flags": ${rows(flags)} },
  "cases": ${rows(cases)}
}
`,
);
