import type { Delta, Snapshot, WireFlag } from "@rampart/core";
import { digestOf } from "@rampart/core";

export const FLAG = "sliceB_documents";

/** A boolean flag that is on for everybody, or killed. */
export function flagAt(
  revision: number,
  state: { readonly killed?: boolean; readonly leaseMs?: number } = {},
): WireFlag {
  return {
    key: FLAG,
    revision,
    type: "boolean",
    variants: { on: true, off: false },
    enabled: state.killed !== true,
    offVariant: "off",
    targets: {},
    rules: [],
    fallthrough: { percentage: 100 },
    salt: FLAG,
    bucketBy: "targetingKey",
    prerequisites: [],
    ...(state.leaseMs === undefined ? {} : { leaseMs: state.leaseMs }),
  };
}

export function snapshotOf(flag: WireFlag, epoch = "e1"): Snapshot {
  return {
    environment: "production",
    epoch,
    revision: flag.revision,
    digest: digestOf([flag], []),
    flags: [flag],
    segments: [],
  };
}

export function deltaOf(flag: WireFlag, how: { readonly urgent?: boolean; readonly from?: number } = {}): Delta {
  return {
    epoch: "e1",
    from: how.from ?? flag.revision - 1,
    revision: flag.revision,
    digest: digestOf([flag], []),
    flags: [flag],
    segments: [],
    removedFlags: [],
    removedSegments: [],
    urgent: how.urgent ?? false,
    committedAt: 1_700_000_000_000,
  };
}
