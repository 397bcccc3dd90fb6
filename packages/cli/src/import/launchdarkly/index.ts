import { pointerTo, type JsonObject, type JsonValue } from "@rampart/core";
import { isJsonObject } from "../../input/json.ts";
import { isList, itemsOf, recordOr, textOf } from "../json.ts";
import type { Convert } from "../types.ts";
import { flagOf, type SourceFlag } from "./flag.ts";
import { segmentOf } from "./segment.ts";

/**
 * LaunchDarkly: what its SDKs are sent and their file data source reads (`{flags, segments}`, flags by key), and what its API lists
 * (`{items}`, with a part for each environment; together with segments as `{flags: {items}, segments: {items}}`).
 */
export const convertLaunchDarkly: Convert = (file, { environment }) => {
  const { at, content } = contentOf(file);
  const items = [...flagsOf(content, at), ...plainValues(content, at)];
  const existing = items.filter(({ value }) => recordOr(value)["deleted"] !== true);
  const isArchived = (value: JsonValue): boolean => recordOr(value)["archived"] === true;
  const live = existing.filter(({ value }) => !isArchived(value));
  const names = [...new Set(live.flatMap(({ value }) => Object.keys(recordOr(recordOr(value)["environments"]))))];
  const chosen = environment ?? (names.length === 1 ? names[0] : undefined);
  if (names.length > 0 && (chosen === undefined || !names.includes(chosen))) {
    const message =
      environment === undefined
        ? `the file holds ${names.length} environments`
        : `the file holds no environment "${environment}"`;
    return { kind: "refused", message, advice: `choose one with --source-environment: ${names.join(", ")}` };
  }
  const flags = live.map(({ key, path, value }) => sourceOf(recordOr(value), path, key, chosen));
  const byKey = new Map(flags.map((flag) => [flag.key, flag]));
  return {
    kind: "converted",
    flags: flags.map((flag) => flagOf(flag, (key) => byKey.get(key))),
    segments: listed(content["segments"], `${at}/segments`)
      .filter(({ value }) => isJsonObject(value) && value["deleted"] !== true)
      .map(({ key, path, value }) => segmentOf(value, path, key)),
    archived: existing.flatMap(({ key, value }) =>
      isArchived(value) ? (textOf(recordOr(value)["key"]) ?? key ?? "") : [],
    ),
  };
};

type Items = ReturnType<typeof itemsOf>;

/** The message of a stream holds the same below `data`. */
function contentOf(file: JsonValue): { readonly at: string; readonly content: JsonObject } {
  if (isList(file)) return { at: "", content: { flags: file } };
  const content = recordOr(file);
  if (isJsonObject(content["data"])) return { at: "/data", content: content["data"] };
  // A single flag of the API.
  return { at: "", content: content["variations"] === undefined ? content : { flags: [content] } };
}

/** The flags themselves, or a page of them. */
function flagsOf(content: JsonObject, at: string): Items {
  return content["flags"] === undefined
    ? itemsOf(content["items"], `${at}/items`)
    : listed(content["flags"], `${at}/flags`);
}

/** A list, a map, or a page of the API. */
function listed(value: JsonValue | undefined, path: string): Items {
  const { items } = recordOr(value);
  return isList(items) ? itemsOf(items, `${path}/items`) : itemsOf(value, path);
}

/** The file data source takes bare values: everybody gets them. */
function plainValues(content: JsonObject, at: string): Items {
  return itemsOf(content["flagValues"], `${at}/flagValues`).map(({ key, path, value }) => {
    const variations = typeof value === "boolean" ? [value, !value] : [value];
    const offVariation = value === true ? 1 : 0;
    return { key, path, value: { on: true, variations, offVariation, fallthrough: { variation: 0 } } };
  });
}

function sourceOf(
  flag: JsonObject,
  path: string,
  keyInMap: string | undefined,
  environment: string | undefined,
): SourceFlag {
  const key = textOf(flag["key"]) ?? keyInMap ?? "";
  // What SDKs are sent is one environment's already.
  const own = { path, source: flag };
  if (flag["environments"] === undefined) return { key, ...own, parts: [own], configPath: path, missing: undefined };
  const environments = recordOr(flag["environments"]);
  const configPath = environment === undefined ? path : pointerTo(`${path}/environments`, environment);
  const part =
    environment !== undefined && Object.hasOwn(environments, environment) ? environments[environment] : undefined;
  const missing = missingOf(part, environment, environments);
  const parts = [own, { path: configPath, source: recordOr(part) }];
  return { key, source: { ...flag, ...recordOr(part) }, path, parts, configPath, missing };
}

/** What the list of the API lacks, which holds what it was asked for. */
function missingOf(
  part: JsonValue | undefined,
  environment: string | undefined,
  environments: JsonObject,
): SourceFlag["missing"] {
  const names = Object.keys(environments);
  if (part === undefined)
    return {
      reason:
        environment === undefined
          ? "it is in the file without any environment"
          : `it is not in the environment ${environment}; the file has it in ${names.length === 0 ? "none" : names.join(", ")}`,
      advice: `fetch it with ?env=${environment ?? "ENVIRONMENT"}&summary=0`,
    };
  if (recordOr(part)["fallthrough"] !== undefined) return undefined;
  return {
    reason: `the file holds only a summary of it in ${environment ?? ""}, without its rules`,
    advice: "fetch the flags with ?summary=0",
  };
}
