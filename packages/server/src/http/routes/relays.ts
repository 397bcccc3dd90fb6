import { encodeDelta, encodeSnapshot } from "@rampart/core";
import type { Basis, ClientsView } from "@rampart/core";
import { RELAY_REPORT_MAX_BYTES } from "../../ports/relaying.ts";
import type { EnvironmentChanges, EnvironmentContent, TokenRecord } from "../../ports/store.ts";
import type { Feed } from "../../stream/feed.ts";
import type { ReceiptsPart } from "../../stream/receipt-parts.ts";
import type { EnvironmentGrant } from "../grant.ts";
import type { ServingParts } from "../parts.ts";
import { answeringFeed } from "../presence.ts";
import { ProblemError, type Failure } from "../problem.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { relayKeys, relayQuestion, relayReport } from "../schemas-relays.ts";

const TAG = "Relays";

/** Relays make their own: what is stored may be ahead of what is served here. */
const NO_DIGEST = "none";

const GUARD = { scope: "relay:serve", reach: "key" } as const;

/** What relays call: servers without a store, which serve what another server tells them. The environment is that of the key. */
export function relayRoutes(parts: ServingParts): readonly Route[] {
  return [changesRoute(parts), keysRoute(parts), reportRoute(parts)];
}

const GOING: Failure = {
  code: "SHUTTING_DOWN",
  detail: "The server is going away, and tells relays of no further change.",
  hint: "Ask again; another server may know.",
};

function changesRoute(parts: ServingParts): Route {
  return route(
    GUARD,
    {
      method: "post",
      path: "/relay/v1/changes",
      tag: TAG,
      summary: "Follow an environment for others",
      description:
        "What has changed since `from`, at once or as soon as something does, and `unchanged` after `waitMs`. `asOfMs` says for which moment the answer stands, in milliseconds after the question came: clients' leases may be renewed on its strength for three seconds from then. `off`: flags that are off before that is stored.",
      lane: "sdk",
      body: relayQuestion,
      answers: { 200: { description: "`unchanged`, `changes`, `snapshot`, or `unknown`: ask without `from`" } },
      problems: ["INVALID_BODY", "NOT_CURRENT", "SHUTTING_DOWN"],
    },
    async ({ grant: { environment }, body: { relay, from, waitMs } }) => {
      const { clock, hub } = parts;
      if (parts.phase() !== "serving") throw new ProblemError(GOING, { connection: "close" });
      const arrivedMs = clock.monotonicMs();
      hub.relays(environment)?.heard(relay, { now: clock.now(), nowMs: arrivedMs });
      const { feed } = await answeringFeed(parts, environment, from);
      if (from !== undefined && isAt(feed, from)) await hub.moved(environment, waitMs);
      const asOfMs = Math.round(clock.monotonicMs() - arrivedMs - feed.ageMs);
      const said = await sayingOf(parts, feed, from);
      return json(200, { now: clock.now(), asOfMs, off: feed.overruled, ...said });
    },
  );
}

/** In one turn with the look at the feed where nothing has changed. */
async function sayingOf({ source }: ServingParts, feed: Feed, from: Basis | undefined): Promise<object> {
  const { environment, epoch, revision } = feed;
  if (from === undefined) {
    const whole = await source.content(environment);
    return whole === undefined ? { kind: "unknown" } : snapshotOf(whole);
  }
  if (from.epoch !== epoch) return { kind: "unknown" };
  if (from.revision === revision) return { kind: "unchanged", epoch, revision };
  const changes = await source.changesSince(environment, from.revision);
  return changes?.epoch === epoch ? deltaOf(changes) : { kind: "unknown" };
}

function snapshotOf({ key: environment, epoch, revision, flags, segments }: EnvironmentContent): object {
  const snapshot = encodeSnapshot({ environment, epoch, revision, digest: NO_DIGEST, flags, segments });
  return { kind: "snapshot", snapshot, visible: visibleOf(flags) };
}

function deltaOf({ key: _, relayed: __, ...changes }: EnvironmentChanges): object {
  return { kind: "changes", delta: encodeDelta({ ...changes, digest: NO_DIGEST }), visible: visibleOf(changes.flags) };
}

/** What browsers may know of is no part of what server SDKs are told. */
const visibleOf = (flags: EnvironmentContent["flags"]): readonly string[] =>
  flags.filter(({ clientVisible }) => clientVisible).map(({ key }) => key);

const isAt = (feed: Feed, { epoch, revision }: Basis): boolean => feed.epoch === epoch && feed.revision === revision;

function keysRoute({ keys }: ServingParts): Route {
  return route(
    GUARD,
    {
      method: "post",
      path: "/relay/v1/keys",
      tag: TAG,
      summary: "Look up keys that a relay was shown",
      description:
        "By the hash of a key's text, which only who was shown the key can have, or by ids. Keys of SDKs and relays for the same environment, and no other token; with the secret of client keys that demand signed contexts, because checking a signature takes it.",
      lane: "sdk",
      body: relayKeys,
      answers: { 200: { description: "Those that there are, revoked ones included" } },
      problems: ["INVALID_BODY"],
    },
    async ({ grant, body: { hash, ids } }) => {
      const byHash = hash === undefined ? undefined : await keys.byHash(hash);
      const found = [...(byHash === undefined ? [] : [byHash]), ...(ids.length === 0 ? [] : await keys.byIds(ids))];
      return json(200, { items: found.filter((record) => isServed(record, grant)) });
    },
  );
}

/** Deny by default: a relay has no business with the tokens of people and pipelines, nor with other environments. */
function isServed({ kind, environments }: TokenRecord, { environment }: EnvironmentGrant): boolean {
  const isKey = kind === "server" || kind === "client" || kind === "relay";
  return isKey && environments.length === 1 && environments[0] === environment;
}

function reportRoute({ hub, clock }: ServingParts): Route {
  return route(
    GUARD,
    {
      method: "post",
      path: "/relay/v1/report",
      tag: TAG,
      summary: "Say whom a relay has, and who applied what",
      description: "Nothing is proven of an urgent change before each relay that was there has said this of it.",
      lane: "ack",
      bodyMaxBytes: RELAY_REPORT_MAX_BYTES,
      body: relayReport,
      answers: { 200: { description: "Noted; with the server's clock, by which relays set theirs" } },
      problems: ["INVALID_BODY"],
    },
    ({ grant: { environment }, body: { relay, clients, receipts, left } }) => {
      const relays = hub.relays(environment);
      relays?.heard(relay, { now: clock.now(), nowMs: clock.monotonicMs() });
      // What was JSON holds no undefined.
      if (clients !== undefined) hub.listed(environment, relay.instanceId, { ...clients, environment } as ClientsView);
      for (const part of receipts) hub.takeRelayed(relay.instanceId, { ...part, environment } as ReceiptsPart);
      if (left) relays?.left(relay.instanceId);
      return json(200, { now: clock.now() });
    },
  );
}
