import type { JsonObject, JsonValue } from "@rampart/core";
import { itemsOf, listOr, recordOr, textOf } from "../json.ts";
import type { Convert } from "../types.ts";
import { featureOf, type Feature } from "./feature.ts";
import { SegmentBook } from "./segments.ts";

/** Unleash: what its SDKs are sent (`/api/client/features`), and what the console exports (`featureStrategies` and so on in lists of their own). */
export const convertUnleash: Convert = (file, { environment }) => {
  const content = recordOr(file);
  const isExport = content["featureStrategies"] !== undefined || content["featureEnvironments"] !== undefined;
  const names = isExport ? environmentsOf(content) : [];
  const chosen = environment ?? (names.length === 1 ? names[0] : undefined);
  if (names.length > 0 && (chosen === undefined || !names.includes(chosen))) {
    const message =
      environment === undefined
        ? `the file holds ${names.length} environments`
        : `the file holds no environment "${environment}"`;
    return { kind: "refused", message, advice: `choose one with --source-environment: ${names.join(", ")}` };
  }
  const features = isExport ? exportedFeatures(content, chosen) : clientFeatures(content);
  const byName = new Map(features.map((feature) => [textOf(feature.source["name"]) ?? "", feature]));
  const book = new SegmentBook();
  for (const { value, path } of itemsOf(content["segments"], "/segments")) book.add(recordOr(value), path);
  const flags = features.map((feature) => featureOf(feature, byName, book));
  const archived = itemsOf(content["features"], "/features").flatMap(({ value }) =>
    isArchived(value) ? (textOf(recordOr(value)["name"]) ?? "") : [],
  );
  return { kind: "converted", flags, segments: book.list(), archived };
};

function environmentsOf(content: JsonObject): readonly string[] {
  const parts = [...listOr(content["featureEnvironments"]), ...listOr(content["featureStrategies"])];
  return [...new Set(parts.flatMap((part) => textOf(recordOr(part)["environment"]) ?? []))];
}

/** A feature in the archive is off for everybody, whatever stands in it. */
function isArchived(feature: JsonValue): boolean {
  return recordOr(feature)["archived"] === true;
}

function liveFeatures(content: JsonObject): ReturnType<typeof itemsOf> {
  return itemsOf(content["features"], "/features").filter(({ value }) => !isArchived(value));
}

function clientFeatures(content: JsonObject): readonly Feature[] {
  return liveFeatures(content).map(({ value, path }) => {
    const source = recordOr(value);
    const strategies = itemsOf(source["strategies"], `${path}/strategies`).map((item) => ({
      source: item.value,
      path: item.path,
    }));
    return { source, path, strategies };
  });
}

/** A feature together with what the lists beside it say of it in one environment. */
function exportedFeatures(content: JsonObject, environment: string | undefined): readonly Feature[] {
  const of = (list: string, name: JsonValue | undefined) =>
    itemsOf(content[list], `/${list}`).filter(({ value }) => {
      const item = recordOr(value);
      return item["featureName"] === name && (item["environment"] === undefined || item["environment"] === environment);
    });
  return liveFeatures(content).map(({ value, path }) => {
    const source = recordOr(value);
    const { name } = source;
    const setting = recordOr(of("featureEnvironments", name)[0]?.value);
    const dependencies = listOr(content["dependencies"]).filter((item) => recordOr(item)["feature"] === name);
    const tags = of("featureTags", name).map((tag) => ({ value: recordOr(tag.value)["tagValue"] ?? null }));
    return {
      source: {
        ...source,
        enabled: setting["enabled"] === true,
        variants: setting["variants"] ?? source["variants"] ?? [],
        dependencies: dependencies.flatMap((item) => listOr(recordOr(item)["dependencies"])),
        tags,
      },
      path,
      strategies: of("featureStrategies", name).map((item) => ({ source: item.value, path: item.path })),
    };
  });
}
