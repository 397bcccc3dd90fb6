import type { Snapshot, WireFlag } from "@rampart/core";
import { parseSnapshot } from "@rampart/core";
import { expect } from "vitest";
import type { ConformanceCase } from "../../../core/src/conformance.contract.ts";
import { conformanceSuite } from "../../../core/src/conformance.contract.ts";
import { linearRegex } from "../main/regex.ts";
import { silentLogger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import type { EnvironmentChanges, EnvironmentContent, ServedFlag } from "../ports/store.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { Feed } from "./feed.ts";

const { clock } = manualPlatform();

function snapshotOf({ snapshot }: ConformanceCase): Snapshot {
  const parsed = parseSnapshot(snapshot);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.value;
}

function openOn(content: EnvironmentContent, changes: () => EnvironmentChanges): Promise<Feed> {
  const store = { content: () => Promise.resolve(content), changesSince: () => Promise.resolve(changes()) };
  return Feed.open(content.key, { store, clock, meter: silentMeter, logger: silentLogger, regex: linearRegex });
}

const neverAsked = (): never => {
  throw new Error("nothing is committed in this test");
};

const served = ({ flags }: { readonly flags: readonly WireFlag[] }): readonly ServedFlag[] =>
  flags.map((flag) => ({ ...flag, clientVisible: false }));

const isInContact = ({ silenceMs }: ConformanceCase): boolean => silenceMs === 0;

conformanceSuite(
  "The server's evaluation of an environment that it read whole",
  async (testCase) => {
    const { environment, ...content } = snapshotOf(testCase);
    const feed = await openOn({ key: environment, ...content, flags: served(content) }, neverAsked);
    return feed.ruleset.evaluate(testCase.flag, testCase.user, testCase.default);
  },
  isInContact,
);

conformanceSuite(
  "The server's evaluation of what was committed while it ran",
  async (testCase) => {
    const { environment, flags, segments, ...at } = snapshotOf(testCase);
    const nothing: EnvironmentContent = { key: environment, epoch: at.epoch, revision: 0, flags: [], segments: [] };
    const feed = await openOn(nothing, () => ({
      ...at,
      key: environment,
      from: 0,
      flags: served({ flags }),
      segments,
      removedFlags: [],
      removedSegments: [],
      urgent: false,
      committedAt: 0,
    }));
    await feed.catchUp();
    expect(feed.digest).toBe(at.digest);
    return feed.ruleset.evaluate(testCase.flag, testCase.user, testCase.default);
  },
  isInContact,
);
