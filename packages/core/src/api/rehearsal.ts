/** How a rollback is rehearsed over the API: the same steps for the command line and the console. */
import type { DrillPlanView, DrillView } from "./drills.ts";
import type { ReceiptsList } from "./receipts.ts";
import type { RolloutView } from "./rollouts.ts";
import type { ClientView, ClientsView, FlagView } from "./types.ts";

/** Drills rehearse on the flag of this name and no other; no code asks for it, so that no user notices one. */
const FLAG = "rampart-drill";

const LOOK_EVERY_MS = 250;
const EXPOSED_WITHIN_MS = 30_000;
/** Past the lease and the time in which receipts are waited for. */
const RECEIPTS_WITHIN_MS = 90_000;

/** Streams are written to every 5 s, and polls come every 10 s: who is silent for longer has ended, or is cut off. */
const CLIENT_SILENT_MS = 15_000;

/** What is rehearsed, where, and through whose hands the calls go. */
export interface Rehearsal {
  readonly environment: string;
  /** Whose trigger is rehearsed: a plan's text, or the name of a stored one; missing: a metric that is looked at each second. */
  readonly plan?: { readonly text: string } | { readonly name: string };
  /** One call of the API. Rejects when it is refused, or when nobody answers. */
  readonly call: <T>(method: "GET" | "POST", path: string, body?: object) => Promise<T>;
  /** Whether such a rejection says that there is no such thing (404). */
  readonly isMissing: (error: unknown) => boolean;
  readonly pause: (ms: number) => Promise<void>;
  readonly onStep: (step: RehearsalStep) => void;
}

/** What is under way, for people. */
export type RehearsalStep =
  | { readonly kind: "exposing"; readonly trigger: string; readonly condition: string }
  | { readonly kind: "breached"; readonly condition: string };

/** `late`: not every client was on (`exposed`), or confirmed that it is off again (`confirmed`), in that time; nothing was recorded. */
export type Rehearsed =
  | { readonly kind: "recorded"; readonly drill: DrillView }
  | { readonly kind: "late"; readonly missed: "exposed" | "confirmed"; readonly withinMs: number };

/** Ramps the drill flag to 100 % in every client, feeds the breach, and records the rollback once it is known who took it. Rejects as `call` does. */
export async function rehearseRollback(rehearsal: Rehearsal): Promise<Rehearsed> {
  const { environment, plan, call, onStep } = rehearsal;
  await readyFlag(rehearsal);
  const made = await call<DrillPlanView>("POST", "/api/v1/drills/plan", { environment, ...plan });
  const { id } = await call<RolloutView>("POST", "/api/v1/rollouts", { plan: made.text });
  onStep({ kind: "exposing", trigger: made.trigger, condition: made.condition });
  if (!(await holdsWithin(rehearsal, EXPOSED_WITHIN_MS, () => isExposed(rehearsal, id))))
    return { kind: "late", missed: "exposed", withinMs: EXPOSED_WITHIN_MS };
  await call("POST", "/api/v1/drills/breach", { environment });
  onStep({ kind: "breached", condition: made.condition });
  let revision: number | undefined;
  const withinMs = made.withinMs + RECEIPTS_WITHIN_MS;
  const isClosed = async (): Promise<boolean> => {
    const { items } = await call<ReceiptsList>("GET", `${pathOf(environment)}/receipts`);
    revision = items.find((one) => one.rollout === id && one.verdict !== "open")?.revision;
    return revision !== undefined;
  };
  if (!(await holdsWithin(rehearsal, withinMs, isClosed))) return { kind: "late", missed: "confirmed", withinMs };
  const drill = await call<DrillView>("POST", "/api/v1/drills", { environment, revision });
  return { kind: "recorded", drill };
}

/** Whether a client has been silent for so long, by the server's clock (epoch milliseconds), that it is not waited for. */
export function isSilent({ lastContactAt }: Pick<ClientView, "lastContactAt">, nowMs: number): boolean {
  return nowMs - Date.parse(lastContactAt) >= CLIENT_SILENT_MS;
}

/** On for everybody, by everybody who can hear of it: processes that ended are remembered for a while, and would be waited for in vain. */
async function isExposed({ environment, call }: Rehearsal, id: string): Promise<boolean> {
  const { percentage, now } = await call<RolloutView>("GET", `/api/v1/rollouts/${encodeURIComponent(id)}`);
  if (percentage !== 100) return false;
  const { total, current, clients } = await call<ClientsView>("GET", `${pathOf(environment)}/clients`);
  const silent = clients.filter((client) => client.lag > 0 && isSilent(client, Date.parse(now)));
  return total - current === silent.length;
}

/** There, on, and at 0 %: as the drill before left it, or new. */
async function readyFlag({ environment, call, isMissing }: Rehearsal): Promise<void> {
  const known = await call<FlagView>("GET", `/api/v1/flags/${FLAG}`).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (known === undefined) {
    await call("POST", "/api/v1/flags", { key: FLAG, description: "For drills; no code should ask for it." });
  } else if (known.environments[environment]?.enabled === false) {
    await call("POST", `${pathOf(environment)}/flags/${FLAG}/restore`, {});
  }
}

async function holdsWithin({ pause }: Rehearsal, withinMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += LOOK_EVERY_MS) {
    if (await holds()) return true;
    await pause(LOOK_EVERY_MS);
  }
  return false;
}

function pathOf(environment: string): string {
  return `/api/v1/environments/${encodeURIComponent(environment)}`;
}
