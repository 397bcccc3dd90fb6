import { environmentNotFound } from "../domain/problems.ts";
import type { Scope } from "../domain/tokens.ts";
import { scopesOf } from "../domain/tokens.ts";
import type { Principal } from "./principal.ts";
import { ProblemError } from "./problem.ts";

declare const granted: unique symbol;
declare const grantedEnvironment: unique symbol;

/** Proof that a caller was found to have a route's scope. Only `authorize` makes one, so what asks for a grant can't be reached without the check. */
export interface Grant extends Principal {
  readonly [granted]: true;
  readonly scopes: ReadonlySet<Scope>;
  /** Of the call, where it named one. */
  readonly traceId?: string;
}

/** Proof that, besides, the caller's token is bound to `environment`, and that there is such an environment. */
export interface EnvironmentGrant extends Grant {
  readonly [grantedEnvironment]: true;
  readonly environment: string;
}

/** Throws a 403 `ProblemError` that names the missing scope. */
export function authorize(principal: Principal, scope: Scope, traceId?: string): Grant {
  const scopes = scopesOf(principal.kind);
  if (!scopes.has(scope)) {
    throw new ProblemError({
      code: "FORBIDDEN",
      detail: `This needs the scope ${scope}, which tokens of the kind ${principal.kind} don't have.`,
      hint: `It has: ${[...scopes].join(", ")}. Use another kind of token.`,
    });
  }
  return { ...principal, scopes, ...(traceId !== undefined && { traceId }) } as Grant;
}

/** Whether a grant is good for every environment, those to come included. */
export function isForAll(grant: Grant): boolean {
  return grant.environments.includes("*");
}

/** Whether a grant is good for one environment. */
export function isFor(grant: Grant, environment: string): boolean {
  return isForAll(grant) || grant.environments.includes(environment);
}

/** Throws a 403 `ProblemError` when the token is not bound to the environment, a 404 when there is none such. */
export function authorizeIn(grant: Grant, environment: string, known: Iterable<string>): EnvironmentGrant {
  if (!isFor(grant, environment)) throw notBound(grant, `the environment ${JSON.stringify(environment.slice(0, 80))}`);
  const names = [...known];
  if (!names.includes(environment)) throw new ProblemError(environmentNotFound(environment, names));
  return { ...grant, environment } as EnvironmentGrant;
}

/** For what concerns every environment at once. Throws a 403 `ProblemError` when the token is bound to some. */
export function authorizeAll(grant: Grant): Grant {
  if (!isForAll(grant)) throw notBound(grant, "all environments");
  return grant;
}

/** The one environment of an SDK key. Throws a 403 `ProblemError` when the token is bound to none or to several. */
export function authorizeKey(grant: Grant, known: Iterable<string>): EnvironmentGrant {
  const [environment, ...others] = grant.environments;
  if (environment === undefined || environment === "*" || others.length > 0)
    throw notBound(grant, "exactly one environment, as SDK keys are");
  return authorizeIn(grant, environment, known);
}

function notBound(grant: Grant, what: string): ProblemError {
  return new ProblemError({
    code: "FORBIDDEN",
    detail: `This needs a token that is good for ${what}; this one is good for ${grant.environments.join(", ") || "none"}.`,
    hint: "Ask an administrator for another token.",
  });
}
