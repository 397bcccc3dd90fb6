import {
  type CriterionView,
  measure,
  type MetricView,
  type RolloutView,
  type TriggerView,
  type VerdictName,
} from "@rampart/core";
import { Bar } from "../../ui/bar.tsx";
import { Sparkline } from "../../ui/sparkline.tsx";
import { Badge, isActive, type Tone } from "../../ui/status.tsx";
import { duration, seconds } from "../../ui/duration.ts";
import { reading } from "../../ui/reading.ts";
import { Ago } from "../../ui/time.tsx";
import { SendSignal } from "./send-signal.tsx";
import type { SeriesByMetric } from "./series.ts";

interface Shown {
  readonly rollout: RolloutView;
  readonly series: SeriesByMetric;
}

const VERDICTS: Readonly<Record<VerdictName, readonly [word: string, tone: Tone, mark: string]>> = {
  pass: ["passes", "good", "✓"],
  fail: ["does not hold", "warn", "✕"],
  inconclusive: ["can't be judged", "warn", "?"],
  error: ["error", "bad", "!"],
};

/** What has to hold before it goes on. */
export function Criteria({ rollout, series }: Shown) {
  if (rollout.criteria.length === 0) return null;
  return (
    <section class="card" aria-labelledby="criteria">
      <div class="card-head">
        <h2 id="criteria">{CRITERIA_TITLES[rollout.criteria[0]?.of ?? "stage"]}</h2>
      </div>
      <ul class="conditions">
        {rollout.criteria.map((criterion) => (
          <CriterionRow
            key={criterion.text}
            criterion={criterion}
            metric={metricOf(rollout, criterion.metric)}
            series={series}
          />
        ))}
      </ul>
    </section>
  );
}

const CRITERIA_TITLES: Readonly<Record<CriterionView["of"], string>> = {
  precondition: "Must hold before the first user",
  stage: "Must hold to advance",
  recovery: "Must hold for recovery",
};

function CriterionRow({
  criterion,
  metric,
  series,
}: {
  readonly criterion: CriterionView;
  readonly metric: MetricView | undefined;
  readonly series: SeriesByMetric;
}) {
  const [word, tone, mark] = VERDICTS[criterion.verdict];
  const { forMs, heldMs, holds } = criterion;
  return (
    <li class="condition">
      <Says text={criterion.text} metric={metric} ageMs={criterion.ageMs} reason={criterion.reason} />
      <Curve
        name={criterion.metric}
        unit={criterion.unit}
        value={criterion.value}
        threshold={criterion.threshold}
        series={series}
      />
      <div class="stack-tight streak">
        <Badge tone={holds ? "good" : tone} mark={holds ? "✓" : mark}>
          {holds ? "holds" : word}
        </Badge>
        {forMs === 0 ? null : (
          <>
            <Bar share={heldMs / forMs} tone="good" />
            <span class="soft small">
              {seconds(heldMs)} of {duration(forMs)}
            </span>
          </>
        )}
      </div>
    </li>
  );
}

/** What stops it. */
export function Triggers({ rollout, series }: Shown) {
  if (rollout.triggers.length === 0) return null;
  return (
    <section class="card" aria-labelledby="triggers">
      <div class="card-head">
        <h2 id="triggers">What stops it</h2>
        {rollout.triggers.some(({ isArmed }) => isArmed) ? null : (
          <span class="soft small">
            {isActive(rollout.status) ? "Watched once users are exposed" : "No longer watched"}
          </span>
        )}
      </div>
      <ul class="conditions">
        {rollout.triggers.map((trigger) => (
          <TriggerRow
            key={trigger.name}
            rollout={rollout}
            trigger={trigger}
            metric={trigger.metric === undefined ? undefined : metricOf(rollout, trigger.metric)}
            series={series}
            isCompared={isComparison(rollout, trigger)}
          />
        ))}
      </ul>
    </section>
  );
}

/** Its value is evidence then, of which the comparison itself says more. */
function isComparison({ comparisons }: RolloutView, { metric, unit }: TriggerView): boolean {
  return unit === "none" && comparisons.some((comparison) => comparison.metric === metric);
}

function TriggerRow({
  rollout,
  trigger,
  metric,
  series,
  isCompared,
}: Shown & {
  readonly trigger: TriggerView;
  readonly metric: MetricView | undefined;
  readonly isCompared: boolean;
}) {
  const isOver = !isActive(rollout.status);
  const { name, action, severity, forMs, trueForMs, isTrue, hasFired } = trigger;
  const pushed = metric === undefined ? trigger.text : metric.source === "signal" ? metric.query : "";
  const signal = SIGNAL.exec(pushed)?.[1];
  // Once it is over, what counts is what ended it.
  const isFired = hasFired || (isOver && trigger.firedAt !== undefined);
  return (
    <li class="condition">
      <Says text={trigger.text} metric={metric} ageMs={trigger.ageMs} reason={trigger.reason} title={name} />
      {trigger.metric === undefined ? (
        <span class="soft small">
          acts when somebody sends it, here or with <code>rampart {trigger.text}</code>
        </span>
      ) : isCompared ? (
        <span class="soft small">users with the feature against those without, below</span>
      ) : (
        <Curve
          name={trigger.metric}
          unit={trigger.unit ?? "none"}
          value={trigger.value}
          threshold={trigger.threshold}
          series={series}
        />
      )}
      <div class="stack-tight streak">
        <Badge tone={isFired ? "bad" : isTrue ? "warn" : "neutral"} mark={isFired ? "▼" : isTrue ? "!" : "·"}>
          {isFired ? "fired" : isTrue ? "true now" : "quiet"}
        </Badge>
        {forMs === 0 || trigger.metric === undefined || isOver ? null : (
          <>
            <Bar share={trueForMs / forMs} tone="bad" />
            <span class="soft small">
              {seconds(trueForMs)} of {duration(forMs)}
            </span>
          </>
        )}
        <span class="soft small">
          {ACTIONS[action]}, {severity}
          {trigger.firedAt === undefined ? null : (
            <>
              , fired <Ago at={trigger.firedAt} />
            </>
          )}
        </span>
        {signal === undefined ? null : (
          <SendSignal rollout={rollout} signal={signal} hasValue={metric !== undefined} effect={ACTIONS[action]} />
        )}
      </div>
    </li>
  );
}

/** How the server writes a signal, as an event that is waited for and as what a metric asks. */
const SIGNAL = /^signal (.+)$/;

const ACTIONS: Readonly<Record<TriggerView["action"], string>> = {
  rollback: "rolls back",
  pause: "pauses",
  notify: "tells people",
};

function Says({
  title,
  text,
  metric,
  ageMs,
  reason,
}: {
  readonly title?: string;
  readonly text: string;
  readonly metric: MetricView | undefined;
  readonly ageMs: number | undefined;
  readonly reason: string | undefined;
}) {
  return (
    <div class="says stack-tight">
      {title === undefined ? null : <strong>{title}</strong>}
      <code>{text}</code>
      {reason === undefined ? null : <span class="small warn">{reason}</span>}
      {metric === undefined ? null : (
        <details class="small soft">
          <summary>
            {metric.source}
            {ageMs === undefined ? "" : `, data ${seconds(ageMs)} old`}
          </summary>
          <code>{metric.query}</code>
          {metric.baseline === undefined ? null : <p>Baseline {measure(metric.baseline, metric.unit)}</p>}
        </details>
      )}
    </div>
  );
}

function Curve({
  name,
  unit,
  value,
  threshold,
  series,
}: {
  readonly name: string;
  readonly unit: CriterionView["unit"];
  readonly value: number | undefined;
  readonly threshold: number | undefined;
  readonly series: SeriesByMetric;
}) {
  const said = value === undefined ? "no value" : reading(value, unit);
  const limit = threshold === undefined ? "" : `, threshold ${measure(threshold, unit)}`;
  return (
    <div class="curve">
      <Sparkline
        points={series.get(name) ?? []}
        label={`${name} over time: ${said} now${limit}`}
        {...(threshold === undefined ? {} : { threshold })}
      />
      <span class="curve-value">
        <strong>{said}</strong>
        {threshold === undefined ? null : <span class="soft small"> / {measure(threshold, unit)}</span>}
      </span>
    </div>
  );
}

const metricOf = (rollout: RolloutView, name: string): MetricView | undefined =>
  rollout.metrics.find((metric) => metric.name === name);
