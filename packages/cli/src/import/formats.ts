import type { JsonValue } from "@rampart/core";
import { convertFlagd } from "./flagd/index.ts";
import { convertGrowthBook } from "./growthbook/index.ts";
import { isList, listOr, recordOr } from "./json.ts";
import { convertLaunchDarkly } from "./launchdarkly/index.ts";
import { convertRampart, RAMPART_FORMAT } from "./rampart.ts";
import type { Convert, Format } from "./types.ts";
import { convertUnleash } from "./unleash/index.ts";

/** How each format is read. */
export const CONVERTERS: { readonly [format in Format]: Convert } = {
  launchdarkly: convertLaunchDarkly,
  unleash: convertUnleash,
  flagd: convertFlagd,
  growthbook: convertGrowthBook,
  rampart: convertRampart,
};

/** The format that a file shows by its fields; undefined where it could be another. */
export function formatOf(file: JsonValue): Format | undefined {
  const content = recordOr(file);
  if (content["format"] === RAMPART_FORMAT) return "rampart";
  if (content["features"] !== undefined && isList(content["features"])) return "unleash";
  const { flags, items, data } = content;
  const inner = recordOr(data);
  const some = [
    ...Object.values(recordOr(flags ?? inner["flags"])),
    ...listOr(flags),
    ...listOr(recordOr(flags)["items"]),
    ...listOr(items),
  ].map(recordOr);
  const isLaunchDarkly =
    content["flagValues"] !== undefined || [...some, content].some((flag) => isList(flag["variations"]));
  if (isLaunchDarkly) return "launchdarkly";
  const features = Object.values(recordOr(content["features"])).map(recordOr);
  if (features.some((feature) => feature["defaultValue"] !== undefined)) return "growthbook";
  return some.some(({ state }) => state === "ENABLED" || state === "DISABLED") ? "flagd" : undefined;
}
