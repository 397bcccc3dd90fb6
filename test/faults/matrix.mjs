/**
 * The 36 faults that Rampart is to survive: what happens instead of harm, how long it takes where no run measures it, and the tests that show it, each by
 * its file and a part of its title. `docs/faults.md` is written from this, and a test of the house checks that every test is there.
 */

const core = (file) => `packages/core/src/${file}`;
const server = (file) => `packages/server/src/${file}`;
const e2e = (file) => `test/e2e/${file}`;
const NETWORK = "test/faults/network.test.ts";
const SIM = ["test/sim/seeds-even.test.ts", "no even seed breaks an invariant"];
const REPLICAS = e2e("replicas.test.ts");
const CUT_OFF = "test/faults/cut-off.test.ts";
const PRESENCE = server("stream/presence.test.ts");

export const FAULTS = [
  {
    fault: "kill -9 within a ramp or a rollback",
    happens: "State, audit, outbox and log are all written or none; the rollout goes on where it was.",
    within: "2 s",
    tests: [
      [e2e("kills.test.ts"), "has every write that it acknowledged, whole"],
      [e2e("crash.test.ts"), "rolls back all the same, once"],
      [server("store/sqlite/crash.test.ts"), "kills in the middle of writes"],
    ],
  },
  {
    fault: "crash between decision and write",
    happens: "The decision is a row in the transaction of its effects: there is nothing in between to lose.",
    within: "the next look",
    tests: [
      [
        server("store/rollout-store.contract.ts"),
        "keeps state, log, story, evidence, message and flag of a step together",
      ],
      [e2e("crash.test.ts"), "has told each turn once"],
      SIM,
    ],
  },
  {
    fault: "crash between commit and publish",
    happens: "The poll of revisions tells what is stored.",
    within: "1 s",
    tests: [[server("main/start.test.ts"), "tells what another process committed within a second"], SIM],
  },
  {
    fault: "disk full",
    happens: "A ballast file makes room for the kill; other writes are refused, reads are served.",
    within: "at once",
    tests: [
      [server("store/sqlite/disk-full.test.ts"), "gives the ballast for an urgent write, once"],
      [server("store/sqlite/disk-full.test.ts"), "opens again there, and has the kill"],
      [server("main/emergencies.test.ts"), "reaches streams, polls and newcomers"],
    ],
  },
  {
    fault: "SQLite locked",
    happens:
      "Reads and the event loop go on; a kill or a rollback goes before all that waits, and is told to clients before it is stored.",
    within: "1 s for a kill",
    tests: [
      [server("store/sqlite/write-queue.test.ts"), "waits without holding up reads"],
      [e2e("emergency.test.ts"), "turns the flag off in every connected client"],
      [e2e("emergency.test.ts"), "of a rollout by a rollback is answered alike"],
    ],
  },
  {
    fault: "database corrupt, or its schema newer",
    happens: "The server does not start, and names the way to restore.",
    within: "by hand",
    tests: [
      [server("store/sqlite/open-database.test.ts"), "is refused when a page is damaged"],
      [server("store/sqlite/open-database.test.ts"), "is refused when a newer version wrote it"],
      [e2e("start.test.ts"), "when the database is not one"],
      [server("store/postgres/many-servers.test.ts"), "is left as it is when a newer version wrote it"],
    ],
  },
  {
    fault: "PostgreSQL restarts, or hangs",
    happens:
      "What was announced meanwhile is lost; the poll of revisions finds it. While it hangs a kill is told within 2 s, a rollback within 4 s.",
    within: "1 s after its return",
    tests: [
      ["test/faults/hung-database.test.ts", "does not keep a kill from its clients"],
      ["test/faults/hung-database.test.ts", "does not keep a rollback from them either"],
      ["test/faults/hung-database.test.ts", "stores a kill once though the answer to its COMMIT is lost"],
      [REPLICAS, "survive the end of every connection, and a database that crashes and comes back"],
      [REPLICAS, "tell their clients at once, and after a crash of the database again"],
      [CUT_OFF, "can't know that nobody took a flag back while the database is gone"],
    ],
  },
  {
    fault: "backends of PostgreSQL terminated",
    happens: "Each write is stored whole or refused; nothing is thrown where nobody catches it.",
    within: "the next query",
    tests: [
      [server("store/postgres/many-servers.test.ts"), "survive the end of every connection in the middle of writes"],
    ],
  },
  {
    fault: "a failover loses commits",
    happens: "A new epoch: every client takes a snapshot, and never goes back to the old one.",
    within: "1 s after the new epoch",
    tests: [
      [REPLICAS, "take their clients over to a database that was put back to an older state"],
      [e2e("backup.test.ts"), "brings every client back to what it holds, under a new epoch"],
    ],
  },
  {
    fault: "two leaders",
    happens: "The older one's fencing token writes nothing.",
    within: "at once",
    tests: [
      SIM,
      [REPLICAS, "fence an evaluator that was frozen"],
      [server("store/postgres/leader-lease.test.ts"), "is stored under the newest number only"],
    ],
  },
  {
    fault: "a pooler without LISTEN",
    happens: "A message to itself shows it at the start; polling carries on, and the log says so.",
    within: "1 s",
    tests: [[server("store/postgres/change-feed.test.ts"), "is checked with a message to itself"]],
  },
  {
    fault: "Prometheus down, or 5xx",
    happens: "An error, never a pass: the stage holds, and after five minutes the plan's policy counts.",
    within: "the next sampling",
    tests: [
      [server("domain/rollout/no-data.test.ts"), "holds the stage by default"],
      [server("domain/rollout/no-data.test.ts"), "is told apart from an error"],
      [server("metrics/providers.test.ts"), "tells a server in trouble from a wrong setting"],
      SIM,
    ],
  },
  {
    fault: "a slow or giant answer",
    happens: "Ends at its deadline or its cap; metrics are asked side by side, and no rollout waits for another's.",
    within: "2 s",
    tests: [
      [
        server("main/slow-providers.test.ts"),
        "keeps a trigger on another provider's metric from firing for its deadline",
      ],
      [server("main/slow-providers.test.ts"), "holds up no other rollout at all"],
      [server("egress/egress.test.ts"), "ends at its deadline when the body trickles"],
      [server("egress/egress.test.ts"), "ends when the body is larger than it may be"],
    ],
  },
  {
    fault: "NaN, ±Inf, nothing, many series, a stale sample",
    happens: "Inconclusive, never a pass; several series are a mistake in the query, and named.",
    within: "the next sampling",
    tests: [
      [server("metrics/prometheus-answer.test.ts"), "with several series is a mistake in the query"],
      [server("metrics/providers.test.ts"), "gives no data for %s"],
      [server("domain/rollout/properties.test.ts"), "rises only through its gates"],
    ],
  },
  {
    fault: "counter reset, tiny samples, 0/0",
    happens:
      "Prometheus counts on over a reset, and a breach is seen all the same; too few samples, or none, are no data: the stage holds.",
    within: "the next sampling",
    tests: [
      [e2e("prometheus.test.ts"), "a service whose counters restart again and again is no breach"],
      [server("metrics/sdk.test.ts"), "is no data, with the reason"],
    ],
  },
  {
    fault: "a breach while paused or awaiting approval",
    happens: "Rolls back all the same.",
    within: "the trigger's `for`",
    tests: [
      [server("domain/rollout/trigger.test.ts"), "fires while the rollout is paused"],
      [server("domain/rollout/no-data.test.ts"), "rolls back while paused and while awaiting approval"],
    ],
  },
  {
    fault: "a proxy that is idle or buffers",
    happens: "Heartbeats keep it open; where no byte comes in three seconds, polling takes over.",
    tests: [
      [NETWORK, "as it comes, streams pass, and a kill with them"],
      [NETWORK, "that holds the stream's bytes back, polls take over"],
      ["packages/sdk-node/src/client.test.ts", "polls where a proxy holds the stream's bytes back"],
    ],
  },
  {
    fault: "half-open TCP",
    happens: "The watchdog ends the stream after 12 s; the next one begins with what was missed.",
    tests: [
      ["test/faults/partition.test.ts", "leave what went half open by their watchdog"],
      [NETWORK, "that went half open leaves it by its watchdog"],
      ["test/faults/half-closed.test.ts", "takes a polling client off when its lease is over"],
      ["test/faults/half-closed.test.ts", "still carries a rollback to a stream that is open"],
      [NETWORK, "that resets every connection is back at the present"],
      ["packages/sdk-node/src/client.test.ts", "leaves a half-open connection after 12 s"],
    ],
  },
  {
    fault: "a slow consumer",
    happens: "Left out beyond 256 KiB unsent, given the present when it reads again, closed after 30 s.",
    within: "30 s",
    tests: [
      [server("stream/hub.test.ts"), "is left out once its buffer is full"],
      [server("stream/hub.test.ts"), "is closed when it has not read for 30 s"],
    ],
  },
  {
    fault: "10,000 reconnect at once",
    happens:
      "As many as the bucket holds are let in; the rest is told when to come back, spread. [Measured](benchmarks.md) with 10,000.",
    within: "35 s",
    tests: [
      ["test/faults/storm.test.ts", "are all back in time"],
      [server("stream/hub.test.ts"), "is let in as far as the bucket reaches"],
      [server("stream/admission.test.ts"), "lets so many through in each turn of the event loop"],
    ],
  },
  {
    fault: "the server comes back with older data",
    happens: "Same epoch: clients keep the newer values and say so. New epoch: they take it.",
    within: "at once",
    tests: [
      [core("client/client.test.ts"), "keeps the newer values when the server comes back with older ones"],
      [core("client/no-resurrection.test.ts"), "a client is never on again but by a newer decision"],
      [server("http/presence.test.ts"), "answers nothing older to who has heard of more"],
      SIM,
    ],
  },
  {
    fault: "a clock that is set by an hour, a machine that slept",
    happens:
      "Stages go by monotonic time; after every start the metrics are asked before anything rises, whatever the clock says of the outage; a client that slept is off until it hears anew.",
    within: "one sampling",
    tests: [
      [server("gates/driver.test.ts"), "asks the metrics before anything rises"],
      [
        server("gates/driver.test.ts"),
        "raises nothing without having asked, whatever the outage and whatever the clock says of it",
      ],
      [server("main/rollouts.test.ts"), "a wall clock that is set"],
      [core("client/lease.test.ts"), "is off after the machine slept"],
      SIM,
    ],
  },
  {
    fault: "deltas twice, out of order, or missing",
    happens: "Applied only onto the revision before; else a resync.",
    within: "one reconnect",
    tests: [
      [core("ruleset/deltas.property.test.ts"), ""],
      [core("client/client.test.ts"), "ignores a delta that it has, and late ones"],
      SIM,
    ],
  },
  {
    fault: "a frame that is cut at any byte",
    happens: "Nothing of it is applied.",
    within: "one reconnect",
    tests: [[NETWORK, "is never taken, by the SDK's own reader of streams"], SIM],
  },
  {
    fault: "an SDK starts while the server is down",
    happens: "Ready within its timeout from disk, bootstrap or defaults; the process can end.",
    within: "the timeout of `init`",
    tests: [
      [core("client/client.test.ts"), "gives defaults after its timeout when there is no server"],
      [e2e("process-exit.test.ts"), "where there is no server"],
    ],
  },
  {
    fault: "a corrupt or foreign cache file",
    happens: "Left out by its checksum and its owner's mark; written whole or not at all, for its owner only.",
    within: "at once",
    tests: [
      [core("client/cache.test.ts"), "that is cut anywhere, or has a bit flipped anywhere, is left out"],
      ["packages/sdk-node/src/file-cache.test.ts", "can be read by its owner only"],
    ],
  },
  {
    fault: "a malformed payload",
    happens: "The bad flag is skipped and the last good one kept; nothing throws.",
    within: "the next good payload",
    tests: [
      [core("client/client.test.ts"), "keeps what it has and starts anew when a frame can't be read"],
      [core("wire/parse.test.ts"), "may have fields that a newer server knows"],
    ],
  },
  {
    fault: "two operators",
    happens: "The slower one gets 409 with the difference; a kill never conflicts.",
    within: "at once",
    tests: [
      [server("domain/patch-config.test.ts"), "conflicts, with what is there and where the change differs from it"],
      [server("http/routes/flags.test.ts"), "never conflicts, whatever If-Match says"],
    ],
  },
  {
    fault: "a kill during a promote",
    happens: "The kill wins in every order.",
    within: "at once",
    tests: [[server("domain/rollout/properties.test.ts"), "gives a rollback precedence over every other command"], SIM],
  },
  {
    fault: "a receiver of webhooks is down",
    happens: "Kept, tried again ever later, given up visibly; the rollback and other channels go on.",
    within: "its return",
    tests: [
      [server("main/notifications.test.ts"), "reach everybody but a black hole"],
      [server("notify/dispatcher.test.ts"), "gives a message up after its tries, says so, and keeps it"],
    ],
  },
  {
    fault: "a partition during a rollback",
    happens:
      "Who can't be reached is off when the lease is over, and stays off; also where it is in touch with a server that is cut off from the database itself.",
    tests: [
      [
        "test/faults/partition.test.ts",
        "are off when their lease is over though nobody could tell them of the rollback",
      ],
      [NETWORK, "is off when its lease is over though nobody could tell it"],
      [CUT_OFF, "take a flag back everywhere though one of them is cut off from the database"],
      [e2e("relay-cut.test.ts"), "are off within 30 s of a kill that the relay between them did not live to hear of"],
      [PRESENCE, "sends its last heartbeat three seconds later at most"],
      SIM,
    ],
  },
  {
    fault: "the leader's event loop is blocked",
    happens: "It can't renew its lease; a peer takes over, and what it still wants to do is not stored.",
    within: "15 s",
    tests: [
      [REPLICAS, "fence an evaluator whose event loop is blocked"],
      [server("store/postgres/leader-lease.test.ts"), "goes to the next one when it ran out"],
    ],
  },
  {
    fault: "a rolling upgrade",
    happens: "Unknown fields and events pass; a database of a newer version is left alone.",
    within: "at once",
    tests: [
      [core("wire/parse.test.ts"), "may have fields that a newer server knows"],
      [core("client/client.test.ts"), "lets events of a newer server pass"],
      [server("store/postgres/many-servers.test.ts"), "is left as it is when a newer version wrote it"],
      [
        server("http/routes/operations.test.ts"),
        "is there on a schema that a newer server migrated meanwhile, and says so",
      ],
    ],
  },
  {
    fault: "SIGTERM",
    happens: "A goodbye to every stream, spread; no write fails and none is lost.",
    within: "4 s",
    tests: [[server("main/shutdown.test.ts"), "fails no write, loses none that was acknowledged"]],
  },
  {
    fault: "a token is revoked while it streams",
    happens: "The stream is closed; the SDK keeps its values and asks every five minutes.",
    within: "5 s",
    tests: [
      [server("main/start.test.ts"), "closes streams of tokens that another process revoked"],
      [server("main/relay/relay.test.ts"), "lets go of a key within seconds of its being revoked"],
      ["packages/sdk-node/src/client.test.ts", "keeps values and stops asking when its key was revoked"],
    ],
  },
  {
    fault: "a flag is deleted",
    happens: "A tombstone keeps its key back; clients serve the caller's default.",
    within: "the next delta",
    tests: [
      [server("http/routes/flags.test.ts"), "leaves a tombstone when it is deleted"],
      [server("store/store.contract.ts"), "leave a tombstone that keeps their key back"],
    ],
  },
];
