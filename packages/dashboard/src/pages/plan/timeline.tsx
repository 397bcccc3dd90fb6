import { rolloutCauseWords, type SimulationEntryView } from "@rampart/core";
import { FailureNotice } from "../../ui/state.tsx";
import { percent, StatusBadge } from "../../ui/status.tsx";
import { eventTone, eventWord } from "../rollout/words.ts";
import type { Simulated } from "./check.ts";

/** What would happen. */
export function SimulatedTimeline({ simulated }: { readonly simulated: Simulated }) {
  switch (simulated.kind) {
    case "none":
      return <p class="soft card-body">The timeline appears when the plan is valid.</p>;
    case "failed":
      return <FailureNotice failure={simulated.failure} />;
    case "done": {
      const { outcome, summary, notes, timeline } = simulated.view;
      return (
        <div class="stack-tight" aria-live="polite">
          <p class="row card-body">
            <StatusBadge status={outcome} /> {summary}
          </p>
          <ol class="timeline timeline-tall" tabIndex={0} aria-label="What would happen">
            {timeline.map((entry, index) => (
              <Line key={index} entry={entry} />
            ))}
          </ol>
          {notes.map((note) => (
            <p class="soft small card-body" key={note}>
              {note}
            </p>
          ))}
        </div>
      );
    }
  }
}

function Line({ entry }: { readonly entry: SimulationEntryView }) {
  const why = Object.entries(entry.cause)
    .filter(([, value]) => value !== entry.stage)
    .map(([kind, value]) =>
      kind === "condition" ? String(value) : rolloutCauseWords({ kind, subject: String(value) }, entry.event),
    )
    .filter((words) => words !== "");
  return (
    <li class={`event event-${eventTone(entry.event)}`}>
      <span class="soft small event-at">
        {entry.at
          .replace(/^P(?:(\d+)D)?T?/, (_, days?: string) => (days === undefined ? "" : `${days}d `))
          .toLowerCase() || "0s"}
      </span>
      <span class="grow">
        <strong>{eventWord(entry.event)}</strong>
        {entry.stage === null ? null : <span class="soft"> · {entry.stage}</span>}
        {why.length === 0 ? null : <span class="soft"> · {why.join(" · ")}</span>}
      </span>
      <span class="soft small nowrap">{percent(entry.percentage)}</span>
    </li>
  );
}
