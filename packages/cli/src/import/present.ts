import type { FlagConfigView, FlagView, SegmentView } from "@rampart/core";
import { allPages } from "../api/pages.ts";
import { paths } from "../api/paths.ts";
import type { Api } from "../api/types.ts";
import { CliError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import type { Present } from "./plan.ts";

/** What of these flags, and which segments, an environment has. Throws when there is no such environment. */
export async function presentIn(api: Api, environment: string, keys: readonly string[]): Promise<Present> {
  const { items: environments } = await allPages<{ readonly key: string }>(api, paths.environments);
  if (environments.every(({ key }) => key !== environment)) {
    throw new CliError({
      code: "ENVIRONMENT_NOT_FOUND",
      message: `there is no environment "${environment}"`,
      lines: [`the environments are ${environments.map(({ key }) => key).join(", ")}`],
      exitCode: EXIT.notFound,
    });
  }
  const wanted = new Set(keys);
  const { items: segments } = await allPages<SegmentView>(api, paths.segments);
  const { items: all } = await allPages<FlagView>(api, paths.flags);
  const flags: [string, { readonly flag: FlagView; readonly config: FlagConfigView }][] = [];
  for (const flag of all.filter(({ key }) => wanted.has(key)))
    flags.push([
      flag.key,
      { flag, config: await api.request<FlagConfigView>({ path: paths.config(environment, flag.key) }) },
    ]);
  return { flags: new Map(flags), segments: new Map(segments.map((segment) => [segment.key, segment])) };
}
