import type { HttpParts } from "../parts.ts";
import { problemReply } from "../problem.ts";
import { TAKEN_OVER } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { isFor, type Grant } from "../grant.ts";
import { statusOf } from "../../domain/rollout/state.ts";

/** How soon a page hears that something changed. Rollouts are told at once. */
const LOOK_EVERY_MS = 500;

/** A page that hears nothing for a few times this long knows that it is cut off. */
const BEAT_EVERY_MS = 5_000;

/** News of what changed, for pages that show it: they ask the API for what they show. */
export function changesRoute(parts: HttpParts): Route {
  return route(
    { scope: "flags:read", reach: "some" },
    {
      method: "get",
      path: "/api/v1/changes",
      tag: "Environments",
      summary: "Hear that something changed",
      description:
        "Server-sent events without content, for pages that then ask for what they show: `environment` `{environment, revision}` after a change of flags or segments, `rollout` `{id, status}` after a step of a rollout, `beat` `{now, revisions}` at once and every five seconds.",
      lane: "admin",
      answers: { 200: { description: "The news", contentType: "text/event-stream" } },
      problems: ["STREAMS_FULL"],
    },
    ({ grant, incoming, outgoing }) => {
      if (incoming.method === "HEAD")
        return {
          status: 200,
          headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
        };
      return follow(parts, grant, outgoing);
    },
  );
}

function follow(
  { eventStreams, feeds, runner, timers, clock }: HttpParts,
  grant: Grant,
  outgoing: Parameters<HttpParts["eventStreams"]["open"]>[0],
): ReturnType<typeof problemReply> | typeof TAKEN_OVER {
  const mine = [...feeds.values()].filter(({ environment }) => isFor(grant, environment));
  const told = new Map(mine.map((feed) => [feed.environment, feed.revision]));
  const stops: (() => void)[] = [];
  const stream = eventStreams.open(outgoing, grant.tokenId, {
    onBeat: () => undefined,
    onClose: () => stops.forEach((stop) => stop()),
  });
  if (stream === undefined) {
    return problemReply(
      {
        code: "STREAMS_FULL",
        detail: "The server takes no further follower right now.",
        hint: "Ask again from time to time.",
      },
      { "retry-after": "10" },
    );
  }
  const say = (event: string, what: object): void => stream.send({ event, json: JSON.stringify(what) });
  const beat = (): void =>
    say("beat", { now: new Date(clock.now()).toISOString(), revisions: Object.fromEntries(told) });
  const look = (): void => {
    for (const { environment, revision } of mine) {
      if (told.get(environment) === revision) continue;
      told.set(environment, revision);
      say("environment", { environment, revision });
    }
  };
  stops.push(
    runner.subscribe(
      (row) => isFor(grant, row.environment) && say("rollout", { id: row.id, status: statusOf(row.state) }),
    ),
    timers.every(LOOK_EVERY_MS, look),
    timers.every(BEAT_EVERY_MS, beat),
  );
  beat();
  return TAKEN_OVER;
}
