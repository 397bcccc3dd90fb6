/** What becomes of each piece of a file, written into the reference. To write it anew: add `-u`. */
import { fileURLToPath } from "node:url";
import type { FlagConfig, JsonValue, Segment } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { clauseText, serveText } from "../commands/flags/describe.ts";
import { SAMPLES, type Sample } from "../testing/import-samples.ts";
import { ORACLE_TIMEOUT_MS, settled } from "../testing/import.ts";
import { CONVERTERS, formatOf } from "./formats.ts";
import { segmentsOf } from "./settle.ts";
import { FORMATS, type Converted, type Finding, type Format } from "./types.ts";

const PAGE = fileURLToPath(new URL("../../../../docs/reference/import.md", import.meta.url));
const TITLES = { launchdarkly: "LaunchDarkly", unleash: "Unleash", flagd: "flagd", growthbook: "GrowthBook" } as const;

const convert = ({ format, file }: Sample): Converted => settled(CONVERTERS[format](file, { environment: undefined }));
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const code = (text: string): string => (text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``);

function row(sample: Sample): string {
  const { flags, segments } = convert(sample);
  const flag = flags.find(({ key }) => key === "flag");
  const held = segments.flatMap(({ whole }) => whole ?? []);
  const here = flag?.whole === undefined ? "**not carried over**" : configText(flag.whole.config, held);
  return `| ${sample.what}: ${code(cell(JSON.stringify(sample.piece)))} | ${cell(here)} | ${cell((flag?.findings ?? []).map(told).join("; "))} |`;
}

function told({ kind, reason, advice }: Finding): string {
  switch (kind) {
    case "lost":
      return `${reason}: ${advice}`;
    case "condition":
      return `if ${reason}`;
    case "note":
      return reason;
  }
}

function configText(config: FlagConfig, segments: readonly Segment[]): string {
  const { enabled, targets, rules, fallthrough, prerequisites, bucketBy } = config;
  const parts = [
    ...(enabled ? [] : ["off"]),
    ...prerequisites.map(({ flag, variants }) => `needs ${flag} at ${variants.join(", ")}`),
    ...Object.entries(targets).map(([id, variant]) => `${id} gets ${variant}`),
    ...rules.map(({ clauses, serve }) => `where ${clauses.map(clauseText).join(" and ")}: ${serveText(serve)}`),
    `${rules.length + Object.keys(targets).length > 0 ? "otherwise" : "everybody"}: ${serveText(fallthrough)}`,
    ...(bucketBy === "targetingKey" ? [] : [`by ${bucketBy}`]),
    ...[...new Set(segmentsOf(config))].flatMap((key) =>
      segments.filter((segment) => segment.key === key).map(segmentText),
    ),
  ];
  return parts.join("; ");
}

function segmentText({ key, included, excluded, rules }: Segment): string {
  const alternatives = rules.map(({ clauses }) => clauses.map(clauseText).join(" and "));
  const ids = [...included.map((id) => `${id} is in`), ...excluded.map((id) => `${id} is out`)];
  return `with ${key}: ${[...ids, ...alternatives].join(", or ")}`;
}

const EXPORTED = {
  format: "rampart" as const,
  file: {
    format: "rampart/flags/v1",
    flags: [
      {
        key: "a",
        type: "boolean",
        config: { fallthrough: { percentage: 5 }, prerequisites: [{ flag: "b", variants: ["x"] }] },
      },
      {
        key: "b",
        type: "string",
        variants: { x: "1" },
        config: {
          rules: [
            {
              id: "r",
              clauses: [{ attribute: "targetingKey", op: "inSegment", values: ["s"] }],
              serve: { variant: "x" },
            },
          ],
          fallthrough: { variant: "x" },
        },
      },
    ],
    segments: [{ key: "s", included: ["ann"] }],
  },
};

const PREFACE = `# What import carries over

Made by a test out of the code. Each piece of a file on the left becomes what stands in the middle; a flag with anything that is not carried over is left
out as a whole. What follows *if* is a condition: the answers are the same as long as it holds. [import.md](../import.md) says how it is used.
`;

describe("a file's pieces", () => {
  it("become what the reference says", async () => {
    const tables = (["launchdarkly", "unleash", "flagd", "growthbook"] as const).map((format) => {
      const rows = SAMPLES.filter((sample) => sample.format === format).map(row);
      return [`## ${TITLES[format]}`, "", "| there | here | what is told |", "| --- | --- | --- |", ...rows, ""].join(
        "\n",
      );
    });
    await expect(`${[PREFACE, ...tables].join("\n").trimEnd()}\n`).toMatchFileSnapshot(PAGE);
  });

  it("show whose they are", () => {
    for (const sample of SAMPLES) expect([sample.what, formatOf(sample.file)]).toEqual([sample.what, sample.format]);
    expect(formatOf({ format: "rampart/flags/v1" })).toBe("rampart");
    expect(formatOf({ items: [{ key: "a", variations: [] }] })).toBe("launchdarkly");
    expect([[], {}, null, { flags: {} }, { flags: [1] }, { features: {} }].map(formatOf)).toEqual(
      Array.from({ length: 6 }, () => undefined),
    );
  });

  it("hold no field that is not known, but for the one that came later", () => {
    const odd = SAMPLES.filter((sample) =>
      convert(sample).flags.some(({ findings }) => findings.some(({ reason }) => reason.includes("does not know"))),
    );
    expect(odd.map(({ what }) => what)).toEqual(["field that came after this import"]);
    const later = { features: { flag: { defaultValue: false, a: 1, rules: [{ force: true, b: 1 }] } } };
    expect(settled(CONVERTERS.growthbook(later, { environment: undefined })).flags[0]?.findings).toMatchObject([
      { kind: "condition", path: "/features/flag/a" },
      { kind: "condition", path: "/features/flag/rules/0/b" },
    ]);
  });

  it("say of some fields nothing, which differ by format", () => {
    const unsaid = (file: JsonValue, format: Format): readonly string[] =>
      settled(CONVERTERS[format](file, { environment: undefined })).flags.flatMap((flag) => flag.unsaid ?? []);
    const first = (format: Format): JsonValue => SAMPLES.find((sample) => sample.format === format)?.file ?? null;
    for (const format of ["launchdarkly", "unleash", "flagd"] as const)
      expect(unsaid(first(format), format)).toEqual(["clientVisible", "salt"]);
    const told = { on: true, variations: [true], fallthrough: { variation: 0 }, clientSide: false };
    expect(unsaid({ flags: { told } }, "launchdarkly")).toEqual(["salt"]);
    const share = { name: "flexibleRollout", parameters: { rollout: "25", stickiness: "userId", groupId: "wave" } };
    expect(unsaid({ features: [{ name: "a", strategies: [share] }] }, "unleash")).toEqual(["clientVisible"]);
    expect(unsaid({ features: { a: { defaultValue: true } } }, "growthbook")).toEqual(["clientVisible", "salt"]);
    expect(unsaid(EXPORTED.file, "rampart")).toEqual([]);
  });

  it("may leave out what has a default, in an export that a person edited", () => {
    const { flags, segments } = settled(CONVERTERS.rampart(EXPORTED.file, { environment: undefined }));
    expect([...flags, ...segments].map(({ key, findings }) => [key, findings])).toEqual([
      ["a", []],
      ["b", []],
      ["s", []],
    ]);
    expect(flags[0]?.whole).toMatchObject({
      definition: { variants: { on: true, off: false } },
      config: { enabled: true, rules: [], salt: "a" },
    });
  });

  it("never stop a reader, whatever stands in their place", { timeout: ORACLE_TIMEOUT_MS }, () => {
    let read = 0;
    const odd = [null, 0, "x", true, [], {}, [null], [{}]];
    for (const { format: own, file } of [...SAMPLES, EXPORTED]) {
      for (const format of FORMATS) expect(CONVERTERS[format](file, { environment: undefined }).kind).toBe("converted");
      for (const path of pathsOf(file)) {
        for (const value of odd) {
          const broken = replaced(file, path, value) as JsonValue;
          const { flags } = settled(CONVERTERS[own](broken, { environment: undefined }));
          read += flags.length;
        }
      }
    }
    expect(read).toBeGreaterThan(10_000);
  });
});

type Path = readonly string[];

function pathsOf(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...at, key]))];
}

function replaced(value: unknown, [first, ...rest]: Path, by: unknown): unknown {
  if (first === undefined) return by;
  const copy = (Array.isArray(value) ? [...(value as readonly unknown[])] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  copy[first] = replaced(copy[first], rest, by);
  return copy;
}
