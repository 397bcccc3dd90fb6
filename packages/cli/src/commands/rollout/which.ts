import type { Page, RolloutSummary } from "@rampart/core";
import { paths } from "../../api/paths.ts";
import type { Api, Call } from "../../api/types.ts";
import { CliError, usageError } from "../../errors.ts";
import { EXIT } from "../../exit.ts";
import type { Run } from "../../run.ts";
import { whereText } from "./words.ts";

/** How every command that is about a rollout explains its argument. */
export const WHICH = "its id, the beginning of its id, or a flag's key: the newest rollout on it";

/** Among so many of the newest rollouts a beginning is looked for. */
const ROLLOUTS_MAX = 1000;
/** More rollouts than this with the same beginning are counted, not named. */
const MATCHES_SHOWN_MAX = 5;

/** How often to try a call again, and who is told. */
export type Patience = Pick<Call, "retries" | "onRetry">;

/**
 * The rollout that `name` means: the newest on the flag of that key in the run's environment, or the one whose id it is or begins.
 * Rejects with exit code 3 when there is none, 2 when there are several.
 */
export async function findRollout(run: Run, api: Api, name: string, patience: Patience = {}): Promise<RolloutSummary> {
  const onFlag = await newest(api, { flag: name, environment: run.environment }, patience);
  return onFlag ?? (await byId(api, name, patience)) ?? (await byPrefix(run, api, name, patience));
}

async function newest(
  api: Api,
  query: { readonly flag: string; readonly environment?: string },
  patience: Patience,
): Promise<RolloutSummary | undefined> {
  const page = await api.request<Page<RolloutSummary>>({
    path: paths.rollouts,
    query: { ...query, limit: 1 },
    ...patience,
  });
  return page.items[0];
}

async function byId(api: Api, id: string, patience: Patience): Promise<RolloutSummary | undefined> {
  try {
    return await api.request<RolloutSummary>({ path: paths.rolloutById(id), ...patience });
  } catch (error) {
    if (error instanceof CliError && error.exitCode === EXIT.notFound) return undefined;
    throw error;
  }
}

async function byPrefix(run: Run, api: Api, prefix: string, patience: Patience): Promise<RolloutSummary> {
  const { items } = await api.request<Page<RolloutSummary>>({
    path: paths.rollouts,
    query: { limit: ROLLOUTS_MAX },
    ...patience,
  });
  const matches = items.filter(({ id }) => id.startsWith(prefix));
  const [only] = matches;
  if (only === undefined) throw await nothingFound(run, api, prefix, patience);
  if (matches.length === 1) return only;
  const shown = matches.slice(0, MATCHES_SHOWN_MAX).map((one) => `${one.id}  ${whereText(one)}, ${one.status}`);
  const rest = matches.length - shown.length;
  throw usageError(
    `${matches.length} rollouts have an id that begins with "${prefix}"`,
    ...shown,
    ...(rest === 0 ? [] : [`and ${rest} more: rampart rollout list`]),
  );
}

async function nothingFound(run: Run, api: Api, name: string, patience: Patience): Promise<CliError> {
  const elsewhere = await newest(api, { flag: name }, patience);
  return new CliError({
    code: "ROLLOUT_NOT_FOUND",
    message: `there is no rollout "${name}", and none on a flag of that key in ${run.environment}`,
    lines: [
      ...(elsewhere === undefined
        ? []
        : [`there is one in ${elsewhere.environment}: add -e ${elsewhere.environment}, or name ${elsewhere.id}`]),
      "see them all: rampart rollout list; start one: rampart rollout start PLAN.yaml",
      "a flag that no rollout ramps is switched off with rampart flags kill FLAG",
    ],
    exitCode: EXIT.notFound,
  });
}
