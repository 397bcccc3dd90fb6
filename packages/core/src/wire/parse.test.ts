import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ruleset } from "../ruleset/ruleset.ts";
import { aDelta, aFlag, aSegment, aSnapshot } from "../ruleset/testing/frames.ts";
import { formatBasis, parseBasis } from "./basis.ts";
import { encodeDelta, encodeSnapshot } from "./encode.ts";
import { parseAcknowledgement, parseDelta, parseGoodbye, parseHeartbeat, parseSnapshot } from "./parse.ts";
import type { Parsed } from "./parsed.ts";

const good = { key: "good", revision: 1, fallthrough: { percentage: 100 } };
const snapshotWith = (flags: readonly unknown[], segments: readonly unknown[] = []) => ({
  ...aSnapshot(),
  flags,
  segments,
});

function valueOf<T>(parsed: Parsed<T>): T {
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

const reasonOf = (parsed: Parsed<unknown>) =>
  parsed.ok ? parsed.skipped.map((item) => item.reason).join() : parsed.reason;

describe("a flag on the wire", () => {
  it("has everything filled in that it leaves out", () => {
    expect(valueOf(parseSnapshot(snapshotWith([good]))).flags).toEqual([
      aFlag("good", { fallthrough: { percentage: 100 } }),
    ]);
    const text = { key: "t", revision: 1, type: "string", variants: { x: "X", y: "Y" }, fallthrough: { variant: "y" } };
    expect(valueOf(parseSnapshot(snapshotWith([text]))).flags[0]).toMatchObject({
      offVariant: "x",
      salt: "t",
      bucketBy: "targetingKey",
    });
  });

  it("of 60 bytes is all that a plain boolean flag takes", () => {
    const encoded = encodeSnapshot(aSnapshot({ flags: [aFlag("checkout-v2", { fallthrough: { percentage: 25 } })] }));
    expect(JSON.stringify(encoded.flags)).toBe('[{"key":"checkout-v2","revision":1,"fallthrough":{"percentage":25}}]');
  });

  it("may have fields that a newer server knows, at every level", () => {
    const rules = [
      {
        id: "r",
        priority: 3,
        clauses: [{ attribute: "a", op: "equals", values: [1], weight: 2 }],
        serve: { variant: "on", sticky: true },
      },
    ];
    const flag = { ...good, rules, future: { deep: [1] } };
    const parsed = parseSnapshot({ ...snapshotWith([flag]), future: 1 });
    expect(parsed).toMatchObject({ ok: true, skipped: [] });
    expect(valueOf(parsed).flags[0]?.rules).toEqual([
      { id: "r", clauses: [{ attribute: "a", op: "equals", values: [1], negate: false }], serve: { variant: "on" } },
    ]);
  });

  it.each([
    ["no object", 5, "5 is not an object"],
    ["no key", { ...good, key: undefined }, "/key: undefined is not a key"],
    ["a key with a control character", { ...good, key: "a\nb" }, '/key: "a\\nb" is not a key'],
    ["no revision", { ...good, revision: -1 }, "/revision: -1 is not an integer from 0 up"],
    ["an unknown type", { ...good, type: "date" }, '/type: "date" is not a flag type'],
    [
      "other variants than a boolean flag's",
      { ...good, variants: { on: false, off: true } },
      "/variants: a boolean flag has other variants",
    ],
    ["a variant of another type", { ...good, type: "string", variants: { a: 1 } }, "/variants/a: 1 is not a string"],
    ["an off variant that is on", { ...good, offVariant: "on" }, '/offVariant: "on" can\'t be the off variant'],
    [
      "a percentage above 100",
      { ...good, fallthrough: { percentage: 101 } },
      "/fallthrough/percentage: 101 is above 100",
    ],
    [
      "a percentage in text",
      { ...good, fallthrough: { percentage: "5" } },
      '/fallthrough/percentage: "5" is not a number',
    ],
    ["a fourth decimal", { ...good, fallthrough: { percentage: 0.0001 } }, "0.0001 has more than three decimals"],
    ["nothing to fall through to", { ...good, fallthrough: undefined }, "/fallthrough: undefined is not an object"],
    ["an empty fallthrough", { ...good, fallthrough: {} }, "/fallthrough: says nothing to serve"],
    [
      "shares that don't add up",
      { ...good, fallthrough: { split: [{ variant: "on", percentage: 99.999 }] } },
      "add up to 99.999 %",
    ],
    ["an unknown variant", { ...good, targets: { ann: "maybe" } }, '/targets/ann: "maybe" is not a variant'],
    ["an inherited variant", { ...good, targets: { ann: "toString" } }, '/targets/ann: "toString" is not a variant'],
    [
      "an unknown operator",
      {
        ...good,
        rules: [{ id: "r", clauses: [{ attribute: "a", op: "near", values: [1] }], serve: { variant: "on" } }],
      },
      '/rules/0/clauses/0/op: "near" is not an operator',
    ],
    [
      "an inherited operator",
      {
        ...good,
        rules: [{ id: "r", clauses: [{ attribute: "a", op: "constructor", values: [1] }], serve: { variant: "on" } }],
      },
      '"constructor" is not an operator',
    ],
    [
      "a negation that is none",
      {
        ...good,
        rules: [
          { id: "r", clauses: [{ attribute: "a", op: "equals", values: [1], negate: "no" }], serve: { variant: "on" } },
        ],
      },
      '/negate: "no" is not a boolean',
    ],
    [
      "a rule without an id",
      { ...good, rules: [{ clauses: [], serve: { variant: "on" } }] },
      "/rules/0/id: undefined is not a text",
    ],
    ["a measure that is no text", { ...good, measures: ["run", 5] }, "/measures/1: 5 is not a text"],
    ["a lease in seconds", { ...good, leaseMs: 2.5 }, "/leaseMs: 2.5 is not an integer"],
    [
      "a variant without end",
      { ...good, type: "json", variants: { a: nest(30) }, fallthrough: { variant: "a" } },
      "nested deeper than 20 levels",
    ],
  ])("with %s is skipped with the reason, and the others stay", (_, bad, reason) => {
    const parsed = parseSnapshot(snapshotWith([bad, good]));
    expect(valueOf(parsed).flags.map((flag) => flag.key)).toEqual(["good"]);
    expect(reasonOf(parsed)).toContain(reason);
  });

  it("tells all of its problems at once, under its key, or its place where it has none", () => {
    const parsed = parseSnapshot(snapshotWith([{ ...good, key: "bad", salt: 5, bucketBy: "" }, {}]));
    expect(parsed.ok && parsed.skipped).toEqual([
      {
        key: "bad",
        reason:
          '/salt: 5 is not a text of at least one character; /bucketBy: "" is not a text of at least one character',
      },
      { key: "/flags/1", reason: "/key: undefined is not a key; /revision: undefined is not an integer from 0 up" },
    ]);
  });

  it("may use any name for ids and variants, and changes no prototype", () => {
    const text = JSON.stringify(snapshotWith([])).replace(
      '"flags":[]',
      '"flags":[{"key":"constructor","revision":1,"type":"json","variants":{"__proto__":{"polluted":true},"toString":{"__proto__":{"polluted":1}}},"targets":{"__proto__":"toString","ann":"__proto__"},"fallthrough":{"variant":"toString"}}]',
    );
    const parsed = parseSnapshot(JSON.parse(text));
    expect(parsed).toMatchObject({ ok: true, skipped: [] });
    const ruleset = new Ruleset();
    ruleset.replace(valueOf(parsed));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(ruleset.evaluate("constructor", "ann", null)).toMatchObject({
      variant: "__proto__",
      reason: "TARGETING_MATCH",
    });
    expect(JSON.stringify(ruleset.evaluate("constructor", "__proto__", null).value)).toBe(
      '{"__proto__":{"polluted":1}}',
    );
    expect(JSON.stringify(ruleset.snapshot().flags)).toBe(JSON.stringify(valueOf(parsed).flags));
  });
});

describe("a segment on the wire", () => {
  it("has everything filled in that it leaves out", () => {
    expect(valueOf(parseSnapshot(snapshotWith([], [{ key: "s", revision: 2 }]))).segments).toEqual([
      aSegment("s", { revision: 2 }),
    ]);
  });

  it("made of segments is skipped: it could go round in circles", () => {
    const parsed = parseSnapshot(
      snapshotWith([good], [{ key: "s", revision: 1, rules: [{ clauses: [{ op: "inSegment", values: ["s"] }] }] }]),
    );
    expect(valueOf(parsed)).toMatchObject({ segments: [], unreadable: { flags: [], segments: ["s"] } });
    expect(reasonOf(parsed)).toContain("/rules/0/clauses/0/op: a segment can't be made of other segments");
  });
});

describe("a frame", () => {
  it("survives its encoding", () => {
    const snapshot = aSnapshot({
      flags: [aFlag("a", { leaseMs: 5, measures: ["run"] })],
      segments: [aSegment("s", { excluded: ["u"] })],
    });
    const delta = aDelta({
      flags: [aFlag("a")],
      removedFlags: ["b"],
      removedSegments: ["s"],
      urgent: true,
      committedAt: 1_767_578_400_000,
    });
    const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    expect(parseSnapshot(json(encodeSnapshot(snapshot)))).toEqual({ ok: true, value: snapshot, skipped: [] });
    expect(parseDelta(json(encodeDelta(delta)))).toEqual({ ok: true, value: delta, skipped: [] });
    expect(parseDelta(json(encodeDelta(aDelta())))).toEqual({ ok: true, value: aDelta(), skipped: [] });
  });

  it.each([
    ["a snapshot", parseSnapshot, aSnapshot(), ["environment", "epoch", "revision", "digest", "flags", "segments"]],
    ["a delta", parseDelta, aDelta(), ["epoch", "from", "revision", "digest", "committedAt"]],
    [
      "a heartbeat",
      parseHeartbeat,
      { epoch: "e", revision: 1, digest: "0", now: 5 },
      ["epoch", "revision", "digest", "now"],
    ],
    [
      "an acknowledgement",
      parseAcknowledgement,
      { instanceId: "i", epoch: "e", revision: 1, appliedAt: 5 },
      ["instanceId", "epoch", "revision", "appliedAt"],
    ],
    ["a goodbye", parseGoodbye, { reason: "moved", retryAfterMs: 5 }, ["retryAfterMs"]],
  ] as const)("(%s) is refused as a whole for any field that it needs", (_, parse, whole, fields) => {
    expect(parse(whole)).toMatchObject({ ok: true, value: whole });
    for (const field of fields) {
      for (const value of [undefined, null, {}, true]) {
        const parsed = parse({ ...whole, [field]: value });
        expect(reasonOf(parsed), field).toContain(`/${field}: `);
        expect(parsed.ok).toBe(false);
      }
    }
    expect(parse([])).toMatchObject({ ok: false, reason: "a list is not an object" });
  });

  it("says that a client left only where it does", () => {
    const receipt = { instanceId: "i", epoch: "e", revision: 1, appliedAt: 5 };
    expect(valueOf(parseAcknowledgement({ ...receipt, left: true }))).toEqual({ ...receipt, left: true });
    expect(valueOf(parseAcknowledgement({ ...receipt, left: false }))).toEqual(receipt);
    expect(reasonOf(parseAcknowledgement({ ...receipt, left: "yes" }))).toContain("/left: ");
  });

  it("that goes backwards is refused", () => {
    expect(reasonOf(parseDelta(aDelta({ from: 5, revision: 4 })))).toBe(
      "/revision: 4 comes before 5, which it builds on",
    );
  });

  it("of farewell with a reason that is not known yet is one all the same", () => {
    expect(parseGoodbye({ reason: "maintenance", retryAfterMs: 5 })).toMatchObject({
      value: { reason: "shutdown", retryAfterMs: 5 },
    });
  });

  it("with an id without end is refused", () => {
    const parsed = parseAcknowledgement({ instanceId: "i".repeat(129), epoch: "e", revision: 1, appliedAt: 1 });
    expect(reasonOf(parsed)).toBe("/instanceId: has 129 characters");
  });

  it("of any JSON is read or refused, without a throw, and what is read can be evaluated", () => {
    const broken = fc.jsonValue({ maxDepth: 6 });
    const flag = fc.oneof(
      broken,
      fc.record(
        {
          key: fc.constantFrom("a", "b"),
          revision: fc.nat(),
          type: fc.constantFrom("boolean", "json", undefined),
          variants: broken,
          fallthrough: fc.oneof(broken, fc.record({ percentage: fc.oneof(fc.double(), fc.nat({ max: 100 })) })),
          rules: broken,
          targets: broken,
          prerequisites: broken,
        },
        { requiredKeys: ["key", "revision"] },
      ),
    );
    const frame = fc.record({
      environment: fc.constant("p"),
      epoch: fc.constant("e1"),
      revision: fc.nat(),
      digest: fc.constant("0"),
      flags: fc.array(flag),
      segments: fc.array(broken),
    });
    fc.assert(
      fc.property(fc.oneof(broken, frame), (input) => {
        for (const parse of [parseDelta, parseHeartbeat, parseGoodbye, parseAcknowledgement])
          expect(typeof parse(input).ok).toBe("boolean");
        const parsed = parseSnapshot(input);
        if (!parsed.ok) {
          expect(parsed.reason).not.toBe("");
          return;
        }
        const ruleset = new Ruleset();
        ruleset.replace(parsed.value);
        for (const key of ruleset.keys()) expect(ruleset.evaluate(key, "ann", null).errorCode).toBeUndefined();
        const again = parseSnapshot(JSON.parse(JSON.stringify(encodeSnapshot(ruleset.snapshot()))));
        expect(again).toMatchObject({ ok: true, skipped: [] });
      }),
      { numRuns: 1000 },
    );
  });
});

describe("a basis", () => {
  it("is read back as it was written, whatever the epoch contains", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9:-]{1,20}$/),
        fc.nat({ max: Number.MAX_SAFE_INTEGER }),
        (epoch, revision) => {
          expect(parseBasis(formatBasis({ epoch, revision }))).toEqual({ epoch, revision });
        },
      ),
    );
  });

  it.each([
    "",
    ":",
    "e:",
    ":5",
    "e",
    "e:-1",
    "e:1.5",
    "e:x",
    "e:99999999999999999999",
    "e\n:1",
    `${"e".repeat(129)}:1`,
  ])("is not %j", (text) => {
    expect(parseBasis(text)).toBeUndefined();
  });
});

function nest(levels: number): unknown {
  return levels === 0 ? 1 : { in: nest(levels - 1) };
}
