import { createEgress } from "../egress/egress.ts";
import { atLeisure } from "../domain/pieces.ts";
import { parsingPlan } from "../domain/plan/parse.ts";
import type { Metric, Plan } from "../domain/plan/types.ts";
import type { Scrub } from "../domain/secrets/scrub.ts";
import { Runner } from "../gates/runner.ts";
import type { Providers } from "../gates/sampler.ts";
import { DrillSource } from "../metrics/drill-source.ts";
import { createHttpCheckProvider } from "../metrics/http-check.ts";
import { createPrometheusHistory } from "../metrics/prometheus-history.ts";
import type { PrometheusOptions } from "../metrics/prometheus-question.ts";
import { createPrometheusProvider } from "../metrics/prometheus.ts";
import { createSdkProvider } from "../metrics/sdk.ts";
import { historyWithVariables, withVariables } from "../metrics/with-variables.ts";
import { ChannelBook } from "../notify/channel-book.ts";
import { Channels } from "../notify/channels.ts";
import { Dispatcher } from "../notify/dispatcher.ts";
import { Flips } from "../notify/flips.ts";
import type { ChannelDesk } from "../ports/channels.ts";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { CohortCounts } from "../ports/cohort-counts.ts";
import type { DrillBook } from "../ports/drill-book.ts";
import type { Emergency } from "../ports/emergency.ts";
import type { EvaluationStore } from "../ports/evaluation-store.ts";
import type { Leadership } from "../ports/leadership.ts";
import type { Logger } from "../ports/logger.ts";
import type { Meter } from "../ports/meter.ts";
import type { Egress } from "../ports/egress.ts";
import type { MetricHistory } from "../ports/metric-history.ts";
import type { MetricProvider } from "../ports/metric-provider.ts";
import type { Sealer } from "../ports/sealer.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import type { Store } from "../ports/store.ts";
import type { UnitIntake } from "../ports/unit-intake.ts";
import type { Feed } from "../stream/feed.ts";
import type { Hub } from "../stream/hub.ts";
import type { ServerConfig } from "./config.ts";
import type { Platform } from "./platform.ts";
import { startPruning, type Pruning } from "./retention.ts";

/** What rollouts are run with. */
export interface RolloutParts extends Platform {
  readonly store: Store;
  readonly rollouts: RolloutStore;
  readonly checkpoints: CheckpointStore;
  readonly feeds: ReadonlyMap<string, Feed>;
  readonly hub: Hub;
  readonly evaluations: Pick<EvaluationStore, "pruneEvaluations">;
  readonly leadership: Leadership;
  readonly drills: DrillBook;
  readonly emergency: Emergency;
  /** What SDKs report of flags under a rollout. */
  readonly intake: UnitIntake & CohortCounts;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly scrub: Scrub;
  readonly sealer: Sealer;
  /** As in `HttpParts`. */
  readonly rest: () => Promise<void>;
}

/** What runs rollouts and tells people of them. */
export interface RolloutEngine {
  readonly runner: Runner;
  readonly channels: ChannelDesk;
  /** What the plans' metrics said in the past. */
  readonly history: MetricHistory;
  /** Goes on with what was under way. */
  start(): Promise<void>;
  /** Resolves when every step that was begun is stored. */
  stop(): Promise<void>;
}

/** Puts together what runs rollouts; nothing moves before `start`. */
export function createRolloutEngine(config: ServerConfig, parts: RolloutParts): RolloutEngine {
  const drills = new DrillSource(parts.drills);
  const runner = new Runner({
    ...parts,
    store: parts.rollouts,
    config: (environment, flag) => parts.store.config(environment, flag),
    audit: (query) => parts.store.audit(query),
    publish: async (environment) => parts.feeds.get(environment)?.catchUp(),
    providers: createProviders(config, parts.clock, { counts: parts.intake, drills }),
    parse: (text) => parseStored(text, parts.rest),
    onTakenBack: (takenBack) => parts.hub.explainTakenBack(takenBack),
  });
  const channels = createChannels(config, parts);
  const dispatcher = new Dispatcher({ ...parts, store: parts.rollouts, notifier: channels });
  const flips = new Flips({ ...parts, audit: (query) => parts.store.audit(query), channels });
  runner.subscribe((_, records) => {
    if (records.length > 0) void dispatcher.look();
  });
  let pruning: Pruning | undefined;
  return {
    runner,
    channels,
    history: createHistory(config, parts.clock),
    async start() {
      await runner.start();
      dispatcher.start();
      flips.start();
      pruning = startPruning(config.retentionDays, parts);
    },
    async stop() {
      await pruning?.stop();
      await runner.stop();
      await dispatcher.stop();
      await flips.stop();
    },
  };
}

function createChannels(
  config: ServerConfig,
  { clock, logger, randomBytes, rollouts, sealer }: RolloutParts,
): Channels {
  const { channels: file, egressAllow, egressPrivate, publicUrl, variables } = config;
  const policy = { allow: egressAllow, allowPrivate: egressPrivate };
  const egress = createEgress({ policy, nowMs: () => clock.monotonicMs() });
  const newId = (): string => Buffer.from(randomBytes(12)).toString("hex");
  const book = new ChannelBook({ file, store: rollouts, sealer, variables });
  return new Channels({ book, egress, door: egress, clock, logger, newId, publicUrl });
}

/** All that metrics are asked of goes through one policy; the operator's own Prometheus is let through by being named. */
function createProviders(
  { prometheusUrl, egressAllow, egressPrivate, variables }: ServerConfig,
  clock: Clock,
  { counts, drills }: { readonly counts: CohortCounts; readonly drills: DrillSource },
): Providers {
  const { egress, own: ownOptions } = waysTo({ prometheusUrl, egressAllow, egressPrivate }, clock);
  const named = createPrometheusProvider({ egress });
  const own = createPrometheusProvider(ownOptions);
  const of = ({ source }: Metric): MetricProvider =>
    source.kind === "prometheus" && source.url !== undefined ? named : own;
  const prometheus: MetricProvider = {
    sample: (metric, at, subject) => of(metric).sample(metric, at, subject),
    baseline: (metric, range, subject) => of(metric).baseline(metric, range, subject),
  };
  return {
    prometheus: drills.before(withVariables(prometheus, variables)),
    http: withVariables(createHttpCheckProvider({ egress }), variables),
    sdk: createSdkProvider(counts),
  };
}

/** The same for the past. */
function createHistory(config: ServerConfig, clock: Clock): MetricHistory {
  const { egress, own: ownOptions } = waysTo(config, clock);
  const named = createPrometheusHistory({ egress });
  const own = createPrometheusHistory(ownOptions);
  const history: MetricHistory = {
    read: (metric, grid, mayGoOn) =>
      (metric.source.kind === "prometheus" && metric.source.url !== undefined ? named : own).read(
        metric,
        grid,
        mayGoOn,
      ),
  };
  return historyWithVariables(history, config.variables);
}

/** The way to whatever a plan names, and the way to the operator's own Prometheus. */
function waysTo(
  { prometheusUrl, egressAllow, egressPrivate }: Pick<ServerConfig, "prometheusUrl" | "egressAllow" | "egressPrivate">,
  clock: Clock,
): { readonly egress: Egress; readonly own: PrometheusOptions } {
  const nowMs = (): number => clock.monotonicMs();
  const egress = createEgress({ policy: { allow: egressAllow, allowPrivate: egressPrivate }, nowMs });
  if (prometheusUrl === undefined) return { egress, own: { egress } };
  const allowed = createEgress({ policy: policyFor(prometheusUrl), nowMs });
  return { egress, own: { egress: allowed, defaultUrl: prometheusUrl } };
}

function policyFor(address: string): { readonly allow: readonly string[]; readonly allowPrivate: boolean } {
  const { hostname, port, protocol } = new URL(address);
  const host = hostname.replaceAll(/^\[|\]$/g, "");
  const entry = host.includes(":") ? host : `${host}:${port === "" ? (protocol === "https:" ? "443" : "80") : port}`;
  return { allow: [entry], allowPrivate: false };
}

async function parseStored(text: string, rest: () => Promise<void>): Promise<Plan> {
  const parsed = await atLeisure(parsingPlan(text), rest);
  if (parsed.ok) return parsed.plan;
  const [first] = parsed.problems;
  throw new Error(`a stored plan can't be read by this version: line ${first?.line}: ${first?.message}`);
}
