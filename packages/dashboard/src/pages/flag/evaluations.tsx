import type { EvaluationsView, EvaluationTotals, FlagView } from "@rampart/core";
import { useState } from "preact/hooks";
import { useResource } from "../../api/resource.ts";
import { Shown } from "../../ui/state.tsx";
import { AsTable } from "../../ui/table.tsx";
import { Ago, now } from "../../ui/time.tsx";
import { configPath } from "./paths.ts";

const HOUR_MS = 3_600_000;

/** As often as SDKs report. */
const EVERY_MS = 10_000;

/** Hours that are shown, by hours in one bar. */
const SPANS = [
  ["24 hours", 24, 1],
  ["7 days", 168, 6],
  ["30 days", 720, 24],
] as const;

/** Where a variant would have its name: no variant has this one. */
const DEFAULT = "the caller's default";

/** How often the flag was asked for, and what it gave. */
export function Evaluations({ flag, environment }: { readonly flag: FlagView; readonly environment: string }) {
  const [[, hours, perBar], choose] = useState<(typeof SPANS)[number]>(SPANS[0]);
  // The last bar is of this hour. It is drawn with each answer, and so soon enough when another begins.
  const from = (Math.floor(now.peek() / HOUR_MS) + 1 - hours) * HOUR_MS;
  const path = `${configPath(environment, flag.key)}/evaluations?from=${new Date(from).toISOString()}`;
  const resource = useResource<EvaluationsView>(path, { everyMs: EVERY_MS });
  return (
    <section class="card" aria-labelledby="asked">
      <div class="card-head">
        <h2 id="asked">Asked for</h2>
        <select
          class="input"
          aria-label="How far back"
          onChange={({ currentTarget }) => choose(SPANS[currentTarget.selectedIndex] ?? SPANS[0])}
        >
          {SPANS.map(([name]) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </div>
      <div class="card-body stack">
        <Shown resource={resource}>
          {(view) =>
            view.total === 0 ? (
              <p class="soft">
                {view.lastEvaluatedAt === undefined ? (
                  "No SDK has asked for it yet."
                ) : (
                  <>
                    Not in this time; last <Ago at={view.lastEvaluatedAt} />.
                  </>
                )}
              </p>
            ) : (
              <Bars
                names={[...Object.keys(flag.variants), DEFAULT]}
                view={view}
                count={hours / perBar}
                perBar={perBar}
              />
            )
          }
        </Shown>
      </div>
    </section>
  );
}

interface BarsProps {
  readonly names: readonly string[];
  readonly view: EvaluationsView;
  readonly count: number;
  /** Hours. */
  readonly perBar: number;
}

function Bars({ names, view, count, perBar }: BarsProps) {
  const begin = Date.parse(view.from);
  const bars = Array.from({ length: count }, () => names.map(() => 0));
  for (const hour of view.hours) {
    const bar = bars[Math.floor((Date.parse(hour.at) - begin) / HOUR_MS / perBar)];
    names.forEach((name, index) => bar && (bar[index] = (bar[index] ?? 0) + given(hour, name)));
  }
  const high = Math.max(...bars.map((bar) => sum(bar)));
  const shown = names.flatMap((name, index) => (given(view, name) > 0 ? [{ name, index }] : []));
  return (
    <>
      <svg
        class="bars"
        viewBox={`0 0 ${count} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label="Evaluations by variant; the table below holds their numbers"
      >
        {shown.map(({ name, index }) => (
          <path
            key={name}
            class={`bar-${index % 4}`}
            d={bars
              .map((bar, at) => {
                const top = 100 - (sum(bar.slice(0, index + 1)) / high) * 100;
                return `M${at + 0.1} ${top}h.8v${((bar[index] ?? 0) / high) * 100}h-.8z`;
              })
              .join("")}
          />
        ))}
      </svg>
      <p class="row small">
        {shown.map(({ name, index }) => (
          <span key={name}>
            <i class={`swatch bar-${index % 4}`} /> {name} <strong>{given(view, name).toLocaleString()}</strong>
          </span>
        ))}
      </p>
      <AsTable
        names={shown.map(({ name }) => name)}
        rows={() =>
          bars.map((bar, at) => [
            new Date(begin + at * perBar * HOUR_MS).toISOString(),
            ...shown.map(({ index }) => bar[index]?.toLocaleString()),
          ])
        }
      />
    </>
  );
}

const given = ({ variants, defaults }: EvaluationTotals, name: string): number =>
  name === DEFAULT ? defaults : (variants[name] ?? 0);

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
