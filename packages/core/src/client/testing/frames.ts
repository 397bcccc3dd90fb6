import { digestOf } from "../../ruleset/digest.ts";
import type { Delta, Goodbye, Heartbeat, Snapshot, WireFlag } from "../../wire/types.ts";

export const FLAG = "sliceB_documents";
export const EPOCH = "e1";

/** A boolean flag that is on for `percentage` percent, or killed. */
export function flagAt(
  revision: number,
  state: {
    readonly percentage?: number;
    readonly killed?: boolean;
    readonly leaseMs?: number;
    readonly key?: string;
    readonly measures?: readonly string[];
  },
): WireFlag {
  const key = state.key ?? FLAG;
  return {
    key,
    revision,
    type: "boolean",
    variants: { on: true, off: false },
    enabled: state.killed !== true,
    offVariant: "off",
    targets: {},
    rules: [],
    fallthrough: { percentage: state.percentage ?? 100 },
    salt: key,
    bucketBy: "targetingKey",
    prerequisites: [],
    ...(state.leaseMs === undefined ? {} : { leaseMs: state.leaseMs }),
    ...(state.measures === undefined ? {} : { measures: state.measures }),
  };
}

export function snapshotOf(revision: number, flags: readonly WireFlag[], epoch = EPOCH): Snapshot {
  return { environment: "production", epoch, revision, digest: digestOf(flags, []), flags, segments: [] };
}

/** From the revision before, unless told otherwise. `digest` of what results when `flag` is all there is. */
export function deltaOf(
  revision: number,
  flag: WireFlag,
  how: { readonly from?: number; readonly urgent?: boolean; readonly epoch?: string; readonly digest?: string } = {},
): Delta {
  return {
    epoch: how.epoch ?? EPOCH,
    from: how.from ?? revision - 1,
    revision,
    digest: how.digest ?? digestOf([flag], []),
    flags: [flag],
    segments: [],
    removedFlags: [],
    removedSegments: [],
    urgent: how.urgent ?? false,
    committedAt: 1_700_000_000_000,
  };
}

export function heartbeatOf(snapshot: Pick<Snapshot, "epoch" | "revision" | "digest">): Heartbeat {
  const { epoch, revision, digest } = snapshot;
  return { epoch, revision, digest, now: 1_700_000_000_000 };
}

export function goodbyeOf(reason: Goodbye["reason"], retryAfterMs: number): Goodbye {
  return { reason, retryAfterMs };
}
