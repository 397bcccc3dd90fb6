import type { FlagConfig, FlagConfigView, FlagView, JsonObject, JsonValue, Segment } from "@rampart/core";
import { paths } from "../api/paths.ts";
import type { Api } from "../api/types.ts";
import { CliError } from "../errors.ts";
import { CONFIG_FIELDS, type ImportPlan, type Present, type Step, type WholeFlag } from "./plan.ts";

/** What was written, and what the server refused. */
export interface Applied {
  readonly written: readonly string[];
  readonly failed: readonly { readonly key: string; readonly error: CliError }[];
}

/** Where and as what an import writes. */
export interface ApplyOptions {
  readonly environment: string;
  /** For the audit. */
  readonly reason: string;
  readonly present: Present;
  /** Told how much is done after each item. */
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Carries a plan out, item by item. What the server refuses is kept and the rest goes on; only a server that can't be reached ends it. A flag
 * is made off for everybody and then set up at the revision at which it was made, so that nobody's change is written over.
 */
export async function applyPlan(api: Api, plan: ImportPlan, options: ApplyOptions): Promise<Applied> {
  const written: string[] = [];
  const failed: { readonly key: string; readonly error: CliError }[] = [];
  const writes = [
    ...plan.segments.flatMap((step) =>
      isWritten(step) ? [{ key: step.key, write: () => writeSegment(api, step, options) }] : [],
    ),
    ...plan.flags.flatMap((step) =>
      isWritten(step) ? [{ key: step.key, write: () => writeFlag(api, step, options) }] : [],
    ),
  ];
  for (const [index, { key, write }] of writes.entries()) {
    try {
      await write();
      written.push(key);
    } catch (error) {
      if (!(error instanceof CliError) || error.problem === undefined) throw error;
      failed.push({ key, error });
    }
    options.onProgress(index + 1, writes.length);
  }
  return { written, failed };
}

type Writing<T> = Exclude<Step<T>, { readonly kind: "cannot" }>;

function isWritten<T>(step: Step<T>): step is Writing<T> {
  return step.kind === "create" || step.kind === "configure" || step.kind === "replace";
}

async function writeSegment(api: Api, { kind, item }: Writing<Segment>, { reason }: ApplyOptions): Promise<void> {
  const { key, ...fields } = item;
  const body = { ...(fields as unknown as JsonObject), reason };
  if (kind === "create") await api.request({ method: "POST", path: paths.segments, body: { ...body, key } });
  else await api.request({ method: "PATCH", path: paths.segment(key), body });
}

async function writeFlag(api: Api, step: Writing<WholeFlag>, options: ApplyOptions): Promise<void> {
  const { environment, reason, present } = options;
  const { key, item } = step;
  const there = present.flags.get(key);
  if (step.kind === "create") {
    const body = { ...(item.definition as unknown as JsonObject), reason };
    const made = await api.request<FlagView>({ method: "POST", path: paths.flags, body });
    const ifMatch = made.environments[environment]?.revision;
    const at = ifMatch === undefined ? {} : { ifMatch };
    await api.request({
      method: "PATCH",
      path: paths.config(environment, key),
      body: { ...fieldsOf(item.config, {}), reason },
      ...at,
    });
    return;
  }
  if (there === undefined) return;
  if ("differences" in step && step.differences.some(({ field }) => field === "variants"))
    await api.request({ method: "PATCH", path: paths.flag(key), body: { variants: item.definition.variants, reason } });
  const body = { ...fieldsOf(item.config, there.config.targets), reason };
  await api.request<FlagConfigView>({
    method: "PATCH",
    path: paths.config(environment, key),
    body,
    ifMatch: there.config.revision,
  });
}

/** A patch that leaves what the file says. Targets are merged by the server, so those that are to go are named. */
function fieldsOf(config: FlagConfig, targets: FlagConfig["targets"]): JsonObject {
  const fields = CONFIG_FIELDS.map((field) => [field, config[field] as unknown as JsonValue] as const);
  const gone = Object.keys(targets).filter((id) => !Object.hasOwn(config.targets, id));
  return {
    ...Object.fromEntries(fields),
    targets: { ...Object.fromEntries(gone.map((id) => [id, null])), ...config.targets },
  };
}
