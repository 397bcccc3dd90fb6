import type { RolloutEventPage, RolloutEventView } from "@rampart/core";
import { call } from "../../api/call.ts";
import { type Resource, useResource } from "../../api/resource.ts";
import { Shown } from "../../ui/state.tsx";
import { percent } from "../../ui/status.tsx";
import { Still } from "../../ui/still.tsx";
import { Clock } from "../../ui/time.tsx";
import { eventTone, eventWord, whyWords } from "./words.ts";
import { rolloutPath } from "./commands.ts";

/** Who did what and why, the newest first. */
export function Timeline({ story }: { readonly story: Resource<RolloutEventPage> }) {
  return (
    <section class="card" aria-labelledby="timeline">
      <div class="card-head">
        <h2 id="timeline">What happened</h2>
      </div>
      <Shown resource={story} lines={5}>
        {({ items }) => (
          <Still of={[items]}>
            {() => (
              <ol class="timeline" tabIndex={0} aria-label="What happened">
                {items.toReversed().map((event) => (
                  <Line key={event.id} event={event} />
                ))}
              </ol>
            )}
          </Still>
        )}
      </Shown>
    </section>
  );
}

/** Events of a story that are kept in the page; the evidence has all of them. */
const EVENTS_MAX = 100;

/** The rollout's story, its newest part. Only what is new is asked for: a rollout that is told something twice a second has a long one. */
export function useStory(id: string): Resource<RolloutEventPage> {
  const path = `${rolloutPath(id)}/events`;
  return useResource<RolloutEventPage>(path, {
    on: [`rollout:${id}`],
    read: (known) => readOn(path, known?.items ?? []),
  });
}

async function readOn(path: string, known: readonly RolloutEventView[]): Promise<RolloutEventPage> {
  const { items, next } = await call<RolloutEventPage>("GET", `${path}?cursor=${known.at(-1)?.id ?? 0}`);
  const kept = [...known, ...items].slice(-EVENTS_MAX);
  return next === undefined ? { items: kept } : readOn(path, kept);
}

function Line({ event }: { readonly event: RolloutEventView }) {
  const why = whyWords(event);
  return (
    <li class={`event event-${eventTone(event.event)}`}>
      <span class="soft small event-at">
        <Clock at={event.at} />
      </span>
      <span class="grow">
        <strong>{eventWord(event.event)}</strong>
        {event.stage === null ? null : <span class="soft"> · {event.stage}</span>}
        {why.length === 0 ? null : <span class="soft"> · {why.join(" · ")}</span>}
      </span>
      <span class="soft small nowrap">{percent(event.percentage)}</span>
    </li>
  );
}
