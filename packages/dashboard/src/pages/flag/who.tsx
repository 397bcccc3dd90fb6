import type { ExplainedEvaluation } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../../api/call.ts";
import { type Failure, failureOf } from "../../api/problem.ts";
import { FailureNotice } from "../../ui/state.tsx";

/** Says for a user what they get, and why. */
export function WhoIsIn({ flag, environment }: { readonly flag: string; readonly environment: string }) {
  const [id, setId] = useState("");
  const [attributes, setAttributes] = useState("");
  const [result, setResult] = useState<ExplainedEvaluation>();
  const [failure, setFailure] = useState<Failure>();
  const ask = async (): Promise<void> => {
    try {
      const more = attributes.trim() === "" ? {} : (JSON.parse(attributes) as object);
      const body = { flag, context: { targetingKey: id.trim(), ...more } };
      setResult(await call<ExplainedEvaluation>("POST", `/api/v1/environments/${environment}/evaluate`, { body }));
      setFailure(undefined);
    } catch (thrown) {
      setFailure(
        thrown instanceof SyntaxError
          ? { kind: "refused", detail: "The attributes are not JSON.", hint: 'Write them like {"country": "DE"}.' }
          : failureOf(thrown),
      );
    }
  };
  return (
    <section class="card" aria-labelledby="who">
      <div class="card-head">
        <h2 id="who">Who is in?</h2>
      </div>
      <form
        class="card-body stack"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <label class="field">
          <span class="label">User id</span>
          <input class="input" value={id} placeholder="user-1" onInput={(event) => setId(event.currentTarget.value)} />
        </label>
        <label class="field">
          <span class="label">Attributes, as JSON</span>
          <input
            class="input mono"
            value={attributes}
            placeholder={'{"country": "DE"}'}
            onInput={(event) => setAttributes(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button">
          Explain
        </button>
        {failure === undefined ? null : <FailureNotice failure={failure} />}
        <div aria-live="polite">{result === undefined ? null : <Explained result={result} />}</div>
      </form>
    </section>
  );
}

/** OpenFeature's reasons, in words. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ["SPLIT", "by a share of users"],
  ["TARGETING_MATCH", "by name or by a rule"],
  ["DISABLED", "the flag is killed"],
  ["STATIC", "as everybody"],
  ["DEFAULT", "as everybody else"],
  ["ERROR", "by an error"],
]);

function Explained({ result }: { readonly result: ExplainedEvaluation }) {
  const { value, variant, reason, bucket, steps, errorMessage } = result;
  return (
    <div class="stack-tight">
      <p>
        <strong>{variant ?? JSON.stringify(value)}</strong> <span class="soft">{REASONS.get(reason) ?? reason}</span>
        {bucket === undefined ? null : <span class="soft"> · bucket {bucket.toLocaleString()} of 100,000</span>}
      </p>
      {errorMessage === undefined ? null : <p class="field-error">{errorMessage}</p>}
      <ol class="steps">
        {steps.map(({ step, outcome }, index) => (
          <li key={index}>
            {step}: <strong>{outcome}</strong>
          </li>
        ))}
      </ol>
    </div>
  );
}
