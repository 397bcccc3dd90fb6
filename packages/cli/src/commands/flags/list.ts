import type { FlagView } from "@rampart/core";
import { allPages } from "../../api/pages.ts";
import { paths } from "../../api/paths.ts";
import { CliError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";
import { ago, orDash } from "../../output/format.ts";
import { table } from "../../output/table.ts";
import type { Run } from "../../run.ts";
import type { Define } from "../group.ts";
import { environmentsOf, stateCell } from "./state.ts";

/** `rampart flags list` */
export const defineList: Define = (flags, bind) => {
  flags
    .command("list")
    .summary("every flag, and what it does in each environment")
    .description("List the flags with their state in each environment, or in the one that --environment names.")
    .option("--tag <tag>", "only flags that have this tag")
    .action(
      bind<readonly [], { readonly tag?: string }>(async (run, _args, { tag }) => {
        const page = await allPages<FlagView>(await run.api(), paths.flags, { tag });
        if (run.global.environment !== undefined) requireEnvironment(page.items, run.global.environment);
        run.print(page, () => listText(run, page.items));
        if (page.items.length === 0 && !run.json) {
          run.note(
            tag === undefined
              ? "there is no flag yet; make one: rampart flags create new_checkout"
              : `no flag has the tag ${tag}`,
          );
        }
      }),
    );
};

function requireEnvironment(flags: readonly FlagView[], name: string): void {
  const known = environmentsOf(flags);
  if (flags.length === 0 || known.includes(name)) return;
  throw new CliError({
    code: "ENVIRONMENT_NOT_FOUND",
    message: `there is no environment "${name}"`,
    lines: [`the environments are ${known.join(", ")}`],
    exitCode: EXIT.notFound,
  });
}

function listText(run: Run, flags: readonly FlagView[]): string {
  if (flags.length === 0) return "";
  const environments = run.global.environment === undefined ? environmentsOf(flags) : [run.global.environment];
  return table(
    [
      { title: "FLAG", shrinkTo: 20 },
      { title: "TYPE" },
      ...environments.map((name) => ({ title: name.toUpperCase(), shrinkTo: 8 })),
      { title: "OWNER", shrinkTo: 6, optional: true },
      { title: "TAGS", shrinkTo: 6, optional: true },
      { title: "UPDATED", optional: true },
    ],
    flags.map((flag) => [
      { text: flag.key, paint: "bold" },
      flag.type,
      ...environments.map((name) => stateCell(flag.environments[name])),
      orDash(flag.owner),
      orDash(flag.tags.join(" ")),
      { text: ago(flag.updatedAt, run.io.now()), paint: "dim" },
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}
