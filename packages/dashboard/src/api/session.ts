import { signal } from "@preact/signals";
import { call, SESSION } from "./call.ts";
import { beginSession } from "./over.ts";
import { type Failure, failureOf } from "./problem.ts";

/** Who is signed in, and what they may do. */
export interface Session {
  readonly actor: string;
  readonly kind: "admin" | "operator" | "viewer" | "ci";
  /** `["*"]`: all. */
  readonly environments: readonly string[];
  /** `["*"]`: every role. */
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The server is in development mode. */
  readonly dev?: boolean;
}

/** `failed`: the server could not say. */
export type SessionState =
  | { readonly kind: "asking" }
  | { readonly kind: "in"; readonly session: Session }
  | { readonly kind: "out" }
  | { readonly kind: "failed"; readonly failure: Failure };

/** Whether somebody is signed in. */
export const sessionState = signal<SessionState>({ kind: "asking" });

/** Asks the server who is signed in. */
export async function askSession(): Promise<void> {
  try {
    sessionState.value = { kind: "in", session: await call<Session>("GET", SESSION) };
  } catch (thrown) {
    const failure = failureOf(thrown);
    sessionState.value = failure.kind === "signedOut" ? { kind: "out" } : { kind: "failed", failure };
  }
}

/** Signs in with a token's text. Rejects with a `CallError`. */
export async function signIn(token: string): Promise<void> {
  const before = sessionState.value;
  const session = await call<Session>("POST", SESSION, { body: { token } });
  // What is in the page was for somebody else's eyes.
  if (before.kind === "in" && before.session.actor !== session.actor) return window.location.reload();
  beginSession();
  sessionState.value = { kind: "in", session };
}

/** Signs out of this browser, and leaves nothing of what was shown. Rejects with a `CallError`: whoever thinks to be out must not be in. */
export async function signOut(): Promise<void> {
  await call("DELETE", SESSION);
  window.location.reload();
}

/** The environment that whoever is signed in has to ask about, where they may not ask about all. */
export function boundTo(): string | undefined {
  const state = sessionState.value;
  return state.kind !== "in" || state.session.environments.includes("*") ? undefined : state.session.environments[0];
}

/** Whether whoever is signed in may do what needs the scope; `environment`: there, and with `*` everywhere. */
export function may(scope: string, environment?: string): boolean {
  const state = sessionState.value;
  if (state.kind !== "in") return false;
  const { scopes, environments } = state.session;
  if (!scopes.includes(scope)) return false;
  return environment === undefined || environments.includes("*") || environments.includes(environment);
}

/** Whether whoever is signed in holds the role. */
export function holds(role: string): boolean {
  const state = sessionState.value;
  return state.kind === "in" && (state.session.roles.includes("*") || state.session.roles.includes(role));
}
