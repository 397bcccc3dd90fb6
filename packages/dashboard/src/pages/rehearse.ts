import type { ClientsView, DrillPlanView, DrillView, FlagView, ReceiptsList, RolloutView } from "@rampart/core";
import { call } from "../api/call.ts";
import { CallError } from "../api/problem.ts";

/** The flag of drills; no code asks for it. */
const FLAG = "rampart-drill";

const LOOK_EVERY_MS = 500;
const EXPOSED_WITHIN_MS = 30_000;
/** Past the lease and the time in which receipts are waited for. */
const RECEIPTS_WITHIN_MS = 90_000;

/** What is rehearsed, and where. */
export interface Rehearsal {
  readonly environment: string;
  /** A stored plan whose trigger is taken over; undefined: the default. */
  readonly plan?: string;
  /** Told what is under way, for people. */
  readonly onStep: (step: string) => void;
}

/** Rehearses a rollback as `rampart drill` does, and records it. Rejects with a `CallError`. */
export async function rehearse({ environment, plan, onStep }: Rehearsal): Promise<DrillView> {
  onStep("Making the drill flag ready");
  await readyFlag(environment);
  const body = { environment, ...(plan === undefined ? {} : { name: plan }) };
  const made = await call<DrillPlanView>("POST", "/api/v1/drills/plan", { body });
  const { id } = await call<RolloutView>("POST", "/api/v1/rollouts", { body: { plan: made.text } });
  onStep("Ramping it to 100 % in every client");
  const isExposed = async (): Promise<boolean> => {
    const { percentage } = await call<RolloutView>("GET", `/api/v1/rollouts/${id}`);
    const clients = await call<ClientsView>("GET", `/api/v1/environments/${environment}/clients?limit=1`);
    return percentage === 100 && clients.total === clients.current;
  };
  if (!(await holdsWithin(isExposed, EXPOSED_WITHIN_MS))) throw late("The drill flag was not on in every client");
  await call("POST", "/api/v1/drills/breach", { body: { environment } });
  onStep(`Breach fed into ${made.condition}: waiting for the rollback and every client's receipt`);
  const revision = await receiptsOf(environment, id, made.withinMs + RECEIPTS_WITHIN_MS);
  return call<DrillView>("POST", "/api/v1/drills", { body: { environment, revision } });
}

/** There, on, and at 0 %: as the drill before left it, or new. */
async function readyFlag(environment: string): Promise<void> {
  const known = await call<FlagView>("GET", `/api/v1/flags/${FLAG}`).catch((thrown: unknown) => {
    if (thrown instanceof CallError && thrown.failure.status === 404) return undefined;
    throw thrown;
  });
  if (known === undefined) {
    const body = { key: FLAG, description: "For drills; no code should ask for it." };
    await call("POST", "/api/v1/flags", { body });
  } else if (known.environments[environment]?.enabled === false) {
    await call("POST", `/api/v1/environments/${environment}/flags/${FLAG}/restore`, { body: {} });
  }
}

/** The revision of the rollout's rollback, once it is known who took it. */
async function receiptsOf(environment: string, rollout: string, withinMs: number): Promise<number> {
  let revision: number | undefined;
  const isClosed = async (): Promise<boolean> => {
    const { items } = await call<ReceiptsList>("GET", `/api/v1/environments/${environment}/receipts`);
    const receipts = items.find((one) => one.rollout === rollout && one.verdict !== "open");
    revision = receipts?.revision;
    return receipts !== undefined;
  };
  if (!(await holdsWithin(isClosed, withinMs)) || revision === undefined)
    throw late("Not every client confirmed the rollback");
  return revision;
}

async function holdsWithin(holds: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  while (performance.now() < until) {
    if (await holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return false;
}

function late(detail: string): CallError {
  return new CallError({
    kind: "refused",
    detail: `${detail} in time.`,
    hint: "See the clients, and the rollout of the drill flag.",
  });
}
