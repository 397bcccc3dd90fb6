import { plural } from "@rampart/core";
import type { PlanProblemView, PlanView, RolloutView } from "@rampart/core";
import { useEffect, useState } from "preact/hooks";
import type { PageProps } from "../../app/page-props.ts";
import { location, navigate } from "../../app/router.ts";
import { call } from "../../api/call.ts";
import { useResource } from "../../api/resource.ts";
import { may } from "../../api/session.ts";
import { CommandDialog } from "../../ui/dialog.tsx";
import { FailureNotice, Shown } from "../../ui/state.tsx";
import { percent } from "../../ui/status.tsx";
import { duration } from "../../ui/duration.ts";
import { complain, say } from "../../ui/toast.tsx";
import { useSimulation, useValidation } from "./check.ts";
import { CodeField } from "./code-field.tsx";
import type { Schema } from "./complete.ts";
import { TEMPLATES } from "./templates.ts";
import { SimulatedTimeline } from "./timeline.tsx";

/** A plan that is written, checked and tried out, and started from. */
export function PlanPage({ params }: PageProps) {
  const name = params["name"] ?? "new";
  if (name !== "new") return <StoredPlan name={name} />;
  const { query } = location.value;
  return <NewPlan template={query.get("from") ?? "first"} flag={query.get("flag") ?? undefined} />;
}

function StoredPlan({ name }: { readonly name: string }) {
  const plan = useResource<PlanView>(`/api/v1/plans/${encodeURIComponent(name)}`);
  return (
    <Shown resource={plan} lines={10}>
      {({ text, title, version }) => (
        <Editor key={version} title={`${title}, version ${version}`} plan={text} scenario={STORED_SCENARIO} />
      )}
    </Shown>
  );
}

const STORED_SCENARIO =
  "# What if? Metrics, approvals, signals, crashes: see the manual on scenarios.\nevents: []\nuntil: 10d\n";

function NewPlan({ template, flag }: { readonly template: string; readonly flag: string | undefined }) {
  const [texts, setTexts] = useState<{ readonly plan: string; readonly scenario: string }>();
  const chosen = TEMPLATES.find(({ name }) => name === template) ?? TEMPLATES[0];
  useEffect(() => {
    setTexts(undefined);
    if (chosen === undefined) return;
    void (async () => {
      try {
        const plan = await chosen.plan();
        const fitted =
          flag === undefined ? plan : plan.replace(/^( *flag: ).*$/m, (_, before: string) => before + flag);
        setTexts({ plan: fitted, scenario: await chosen.scenario() });
      } catch (thrown) {
        complain(thrown);
      }
    })();
  }, [chosen]);
  return texts === undefined ? null : (
    <Editor key={template} title="New plan" plan={texts.plan} scenario={texts.scenario} />
  );
}

interface EditorProps {
  readonly title: string;
  readonly plan: string;
  readonly scenario: string;
}

function Editor({ title, plan: firstPlan, scenario: firstScenario }: EditorProps) {
  const [plan, setPlan] = useState(firstPlan);
  const [scenario, setScenario] = useState(firstScenario);
  const [isStarting, setStarting] = useState(false);
  const schema = useResource<Schema>("/schemas/rollout-plan.json");
  const { checked, failure } = useValidation(plan);
  const validation = checked?.text === plan ? checked.validation : undefined;
  const isValid = validation?.valid === true;
  const simulated = useSimulation(plan, scenario, isValid);
  const outline = validation?.plan;
  const save = async (): Promise<void> => {
    try {
      const saved = await call<PlanView>("POST", "/api/v1/plans", { body: { text: plan } });
      say(`Saved as version ${saved.version}.`);
    } catch (thrown) {
      complain(thrown);
    }
  };
  return (
    <>
      <div class="page-head">
        <div class="stack-tight">
          <p class="soft">
            <a href="/plans">Plans</a>
          </p>
          <h1>{title}</h1>
        </div>
        <div class="row">
          {may("plans:write") ? (
            <button type="button" class="button" aria-disabled={!isValid} onClick={() => isValid && void save()}>
              Save
            </button>
          ) : null}
          {may("rollouts:write", outline?.environment) ? (
            <button
              type="button"
              class="button button-primary"
              aria-disabled={!isValid}
              onClick={() => isValid && setStarting(true)}
            >
              Start a rollout
            </button>
          ) : null}
        </div>
      </div>
      {failure === undefined ? null : <FailureNotice failure={failure} />}
      <div class="plan-columns">
        <section class="card" aria-labelledby="plan">
          <div class="card-head">
            <h2 id="plan">Plan</h2>
            {failure === undefined ? <Verdict problems={validation?.problems} warnings={validation?.warnings} /> : null}
          </div>
          <CodeField
            label="Plan"
            text={plan}
            onChange={setPlan}
            schema={schema.data}
            {...(validation === undefined ? {} : { problems: validation.problems, warnings: validation.warnings })}
          />
          <Problems problems={validation?.problems ?? []} warnings={validation?.warnings ?? []} />
        </section>
        <section class="card" aria-labelledby="scenario">
          <div class="card-head">
            <h2 id="scenario">What if</h2>
            <span class="soft small">a scenario: what metrics would say, what people would do</span>
          </div>
          <CodeField label="Scenario" text={scenario} onChange={setScenario} />
          <div class="card-head">
            <h2>Then</h2>
          </div>
          <SimulatedTimeline simulated={simulated} />
        </section>
      </div>
      {isStarting && outline !== undefined ? (
        <CommandDialog
          title={`Ramp ${outline.flag} in ${outline.environment}?`}
          verb="Start"
          onClose={() => setStarting(false)}
          onConfirm={async () => {
            const rollout = await call<RolloutView>("POST", "/api/v1/rollouts", { body: { plan } });
            navigate(`/rollouts/${rollout.id}`);
          }}
        >
          <ol class="steps">
            {outline.stages.map((stage) => (
              <li key={stage.name}>
                {stage.name}: {percent(stage.percentage)} for {duration(stage.durationMs)}
              </li>
            ))}
          </ol>
        </CommandDialog>
      ) : null}
    </>
  );
}

interface Found {
  readonly problems: readonly PlanProblemView[];
  readonly warnings: readonly PlanProblemView[];
}

function Verdict({ problems, warnings }: { readonly [name in keyof Found]: Found[name] | undefined }) {
  if (problems === undefined) return <span class="soft small">checking…</span>;
  if (problems.length > 0) return <span class="badge tone-bad">✕ {plural(problems.length, "problem")}</span>;
  if (warnings !== undefined && warnings.length > 0)
    return <span class="badge tone-warn">✓ valid, {plural(warnings.length, "warning")}</span>;
  return <span class="badge tone-good">✓ valid</span>;
}

function Problems({ problems, warnings }: Found) {
  const all = [...problems, ...warnings];
  if (all.length === 0) return null;
  return (
    <div role="status">
      <ul class="needs" aria-label="What was found">
        {all.map((problem) => (
          <li key={`${problem.line}:${problem.column}:${problem.message}`}>
            <span class="grow">
              <strong>
                Line {problem.line}: {problem.message}
              </strong>
              <span class="soft small hint">{problem.hint}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
