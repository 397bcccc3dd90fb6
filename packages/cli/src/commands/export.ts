import type { FlagConfigView, FlagView, SegmentView } from "@rampart/core";
import { allPages } from "../api/pages.ts";
import { withPatience } from "../api/patient.ts";
import { paths } from "../api/paths.ts";
import { usageError } from "../errors.ts";
import { RAMPART_FORMAT, type ExportedFlag, type ExportFile } from "../import/rampart.ts";
import type { Define } from "./group.ts";

/** `rampart export` */
export const define: Define = (command, bind) => {
  command
    .option("--only <keys...>", "only these flags; all segments go with them")
    .description(
      "Print the flags as they are in one environment, and the segments, as a JSON document that import takes: to keep in git, or to copy to another environment or server. What belongs to a rollout (lease, measures) stays behind.",
    )
    .action(
      bind<readonly [], { readonly only?: readonly string[] }>(async (run, _args, { only }) => {
        const api = withPatience(await run.api(), (ms) => run.io.sleep(ms));
        const { items: all } = await allPages<FlagView>(api, paths.flags);
        const unknown = (only ?? []).filter((key) => all.every((flag) => flag.key !== key));
        if (unknown.length > 0)
          throw usageError(`there is no flag ${unknown.join(", ")}`, "see them all: rampart flags list");
        const flags: ExportedFlag[] = [];
        for (const flag of all.filter(({ key }) => only === undefined || only.includes(key))) {
          const config = await api.request<FlagConfigView>({ path: paths.config(run.environment, flag.key) });
          flags.push(exported(flag, config));
        }
        const { items: segments } = await allPages<SegmentView>(api, paths.segments);
        const file: ExportFile = {
          format: RAMPART_FORMAT,
          environment: run.environment,
          flags,
          segments: segments.map(({ key, description, included, excluded, rules }) => ({
            key,
            description,
            included,
            excluded,
            rules,
          })),
        };
        // A document either way: there is nothing that people would rather read.
        run.print(file, () => `${JSON.stringify(file, null, 2)}\n`);
      }),
    );
};

function exported(flag: FlagView, config: FlagConfigView): ExportedFlag {
  const { key, type, description, variants, tags, owner, expectedEnd } = flag;
  const { enabled, offVariant, targets, rules, fallthrough, salt, bucketBy, prerequisites, clientVisible } = config;
  return {
    key,
    type,
    description,
    variants,
    tags,
    ...(owner === undefined ? {} : { owner }),
    ...(expectedEnd === undefined ? {} : { expectedEnd }),
    config: { enabled, offVariant, targets, rules, fallthrough, salt, bucketBy, prerequisites, clientVisible },
  };
}
