import type { EvaluationDetails } from "@rampart/core";
import { checkContext, parseSnapshot, Ruleset } from "@rampart/core";
import { describe, expect, it } from "vitest";
import type { ConformanceCase } from "../../core/src/conformance.contract.ts";
import { conformanceCases } from "../../core/src/conformance.contract.ts";
import { Answers } from "../../server/src/stream/browsers/answers.ts";
import { valuesFor, valuesJson } from "../../server/src/stream/browsers/values.ts";
import { linearRegex } from "../../sdk-node/src/regex.ts";
import { createValues } from "./values.ts";

/** What a page serves after the server evaluated for it, over the wire and all. */
function served({ snapshot, flag, user, default: defaultValue, silenceMs }: ConformanceCase): EvaluationDetails {
  const parsed = parseSnapshot(snapshot);
  const checked = checkContext(user);
  if (!parsed.ok || !checked.ok) throw new Error("this case is not for the wire");
  const ruleset = new Ruleset({ regex: linearRegex });
  ruleset.replace(parsed.value);
  const answers = new Answers(ruleset);
  answers.replace(parsed.value.flags.map((each) => ({ ...each, clientVisible: true })));
  const json = valuesJson({ epoch: "e1", revision: 1 }, valuesFor(answers, checked.context, "browser"));
  const values = createValues();
  expect(values.take(JSON.parse(json)).kind).toBe("current");
  return values.evaluate(flag, defaultValue, () => silenceMs);
}

describe.each([...conformanceCases()])("a page conforms in %s", (_, cases) => {
  // What is no context, or no JSON, never reaches a server.
  const own = cases.filter(({ user }) => checkContext(user).ok);

  it.each(own)("$name", (testCase) => {
    const details = served(testCase);
    const { value, variant, reason, errorCode } = testCase.expect;
    // Whether a lease was the flag's own or that of one it rests on is the server's knowledge; a page says the same of both.
    expect(details).toMatchObject({ value, reason: details.reason === "STALE" ? "STALE" : reason });
    expect([details.variant, details.errorCode]).toEqual([variant, errorCode]);
  });
});
