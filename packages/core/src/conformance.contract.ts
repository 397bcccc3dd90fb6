import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { ErrorCode, EvaluationDetails, Reason } from "./model/evaluation.ts";
import type { User } from "./model/flag.ts";
import type { JsonValue } from "./model/json.ts";
import { digestOf, type Revised } from "./ruleset/digest.ts";

/** One question to an implementation of evaluation, as `conformance/README.md` describes it. */
export interface ConformanceCase {
  readonly name: string;
  /** As a server sends it: to be read by the parser. */
  readonly snapshot: unknown;
  readonly flag: string;
  /** Mostly a user; the cases of errors hold what is none. */
  readonly user: User;
  readonly default: JsonValue;
  readonly silenceMs: number;
  readonly expect: ConformanceExpectation;
}

export interface ConformanceExpectation {
  readonly value: JsonValue;
  readonly reason: Reason;
  readonly variant?: string;
  readonly errorCode?: ErrorCode;
  readonly ruleId?: string;
  readonly bucket?: number;
}

type Ruleset = { readonly flags: readonly Revised[]; readonly segments: readonly Revised[] };

interface CasesFile {
  readonly ruleset: Ruleset;
  readonly cases: readonly (Omit<ConformanceCase, "snapshot" | "silenceMs"> & { readonly silenceMs?: number })[];
}

interface ClausesFile {
  readonly segments: Ruleset["segments"];
  readonly clauses: readonly {
    readonly name: string;
    readonly clause: object;
    readonly user: User;
    readonly holds: boolean;
  }[];
}

const CASE_FILES = ["buckets", "serving", "prerequisites", "errors", "lease", "openfeature"];

/** Every case of every file, by the file's name. */
export function conformanceCases(): ReadonlyMap<string, readonly ConformanceCase[]> {
  const files = new Map<string, readonly ConformanceCase[]>();
  for (const name of CASE_FILES) {
    const file = readVectors(name) as CasesFile;
    const snapshot = snapshotOf(file.ruleset);
    files.set(
      name,
      file.cases.map((each) => ({ silenceMs: 0, ...each, snapshot })),
    );
  }
  return files.set("clauses", clauseCases(readVectors("clauses") as ClausesFile));
}

/**
 * Runs all vectors. `evaluate` reads the case's snapshot and asks the implementation under test; it is told each case anew. `concerns` leaves
 * out cases of what the implementation can't meet: a server is never out of contact with itself.
 */
export function conformanceSuite(
  implementation: string,
  evaluate: (testCase: ConformanceCase) => EvaluationDetails | Promise<EvaluationDetails>,
  concerns: (testCase: ConformanceCase) => boolean = () => true,
): void {
  for (const [file, all] of conformanceCases()) {
    const cases = all.filter(concerns);
    describe(`${implementation} conforms in ${file}`, () => {
      it.each(cases)("$name", async (testCase) => {
        const details = await evaluate(testCase);
        const { value, reason, variant, errorCode, ruleId, bucket } = testCase.expect;
        expect(details).toMatchObject({ flagKey: testCase.flag, reason });
        expect(details.value).toEqual(value);
        expect([details.variant, details.errorCode, details.ruleId]).toEqual([variant, errorCode, ruleId]);
        if (bucket !== undefined) expect(details.bucket).toBe(bucket);
      });
    });
  }
}

/** One of the files in `conformance/`, by its name without the ending. */
export function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../conformance/${name}.json`, import.meta.url), "utf8")) as unknown;
}

function clauseCases({ segments, clauses }: ClausesFile): readonly ConformanceCase[] {
  return clauses.map(({ name, clause, user, holds }) => {
    const rules = [{ id: "r", clauses: [clause], serve: { variant: "on" } }];
    const flag = { key: "clause", revision: 1, rules, fallthrough: { percentage: 0 } };
    const expected: ConformanceExpectation = holds
      ? { value: true, variant: "on", reason: "TARGETING_MATCH", ruleId: "r" }
      : { value: false, variant: "off", reason: "DEFAULT" };
    const snapshot = snapshotOf({ flags: [flag], segments });
    return { name, snapshot, flag: "clause", user, default: !holds, silenceMs: 0, expect: expected };
  });
}

function snapshotOf({ flags, segments }: Ruleset): unknown {
  return {
    environment: "conformance",
    epoch: "conformance",
    revision: 1,
    digest: digestOf(flags, segments),
    flags,
    segments,
  };
}
