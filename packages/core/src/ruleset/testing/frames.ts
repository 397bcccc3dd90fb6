import { digestOf } from "../digest.ts";
import { wireFlagOf } from "../../wire/encode.ts";
import { defaultConfig, defaultVariants } from "../../model/defaults.ts";
import type { FlagConfig, FlagDefinition } from "../../model/flag.ts";
import type { Delta, Snapshot, WireFlag, WireSegment } from "../../wire/types.ts";

/** A boolean flag for a test: enabled, at 0 %, except for what is given. */
export function aFlag(key: string, over: Partial<FlagConfig> & { readonly revision?: number } = {}): WireFlag {
  const definition: FlagDefinition = {
    key,
    type: "boolean",
    description: "",
    variants: defaultVariants("boolean"),
    tags: [],
  };
  const { revision = 1, ...config } = over;
  return wireFlagOf(definition, { ...defaultConfig(definition), ...config }, revision);
}

export function aSegment(key: string, over: Partial<WireSegment> = {}): WireSegment {
  return { key, revision: 1, included: [], excluded: [], rules: [], ...over };
}

/** A snapshot of environment `production`, epoch `e1`, with the right digest. */
export function aSnapshot(over: Partial<Snapshot> = {}): Snapshot {
  const { flags = [], segments = [] } = over;
  return {
    environment: "production",
    epoch: "e1",
    revision: 1,
    digest: digestOf(flags, segments),
    flags,
    segments,
    ...over,
  };
}

/** A delta of epoch `e1` that changes nothing, from revision 1 to 2, except for what is given. Its digest is not looked at. */
export function aDelta(over: Partial<Delta> = {}): Delta {
  const nothing = { flags: [], segments: [], removedFlags: [], removedSegments: [] };
  return { epoch: "e1", from: 1, revision: 2, digest: "00000000", ...nothing, urgent: false, committedAt: 0, ...over };
}
