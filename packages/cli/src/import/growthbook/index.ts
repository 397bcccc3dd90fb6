import { Opposites } from "../held.ts";
import { itemsOf, recordOr } from "../json.ts";
import type { Convert } from "../types.ts";
import { featureOf } from "./feature.ts";

/** GrowthBook: what its SDKs are sent (`/api/features/CLIENT_KEY`), features by key. */
export const convertGrowthBook: Convert = (file) => {
  const content = recordOr(file);
  const opposites = new Opposites();
  const shared = { opposites, groups: recordOr(content["savedGroups"]), features: recordOr(content["features"]) };
  const flags = itemsOf(content["features"], "/features").map(({ key, path, value }) =>
    featureOf(key ?? "", recordOr(value), path, shared),
  );
  return { kind: "converted", flags, segments: opposites.list(), archived: [] };
};
