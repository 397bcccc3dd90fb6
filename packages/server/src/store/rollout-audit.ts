import type { RolloutRecord } from "../domain/rollout/effect.ts";
import type { RolloutCommit } from "../ports/rollout-store.ts";
import type { ChangeMeta } from "../ports/store.ts";
import { asJson, type Subject } from "./changes.ts";

/** The audit's words for what a step does to its flag. */
export function flagMeta(
  { actor, at, traceId }: RolloutCommit,
  { action, reason, urgent }: NonNullable<RolloutCommit["flag"]>,
): ChangeMeta {
  return { actor, action, reason, at, urgent, ...(traceId !== undefined && { traceId }) };
}

/** The audit's line for one record of a rollout's story. */
export function rolloutAudit(
  id: string,
  environment: string,
  record: RolloutRecord,
  actor: string,
): { readonly meta: ChangeMeta; readonly subject: Subject } {
  const { at, event, state, stage, percentage, cause } = record;
  return {
    meta: {
      actor,
      action: `rollout.${event}`,
      at,
      ...(cause?.reason !== undefined && { reason: cause.reason }),
      ...(cause?.traceId !== undefined && { traceId: cause.traceId }),
    },
    subject: {
      target: `rollout/${id}`,
      environment,
      after: asJson({ state, stage, percentage, ...(cause && { cause: asJson(cause) }) }),
    },
  };
}

/** Messages that were given up and begin anew. */
export function resendSubject(
  { key, channel }: { readonly key?: string; readonly channel?: string },
  count: number,
): Subject {
  const target = key === undefined ? "outbox" : `outbox/${key}`;
  return { target, after: { count, ...(channel !== undefined && { channel }) } };
}

/** A channel that was made, replaced or removed; of its settings the type only. */
export function channelSubject(
  name: string,
  before: { readonly type: string } | undefined,
  after: { readonly type: string } | undefined,
): Subject {
  return {
    target: `channel/${name}`,
    ...(before && { before: { type: before.type } }),
    ...(after && { after: { type: after.type } }),
  };
}
