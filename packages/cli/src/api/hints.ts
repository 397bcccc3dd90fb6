import type { Problem } from "@rampart/core";
import type { Call } from "./types.ts";

/** What a refused call was about, as far as it can be told from the call. */
interface Subject {
  /** The key or id; the word KEY where there is none. */
  readonly key: string;
  /** ` -e staging`, where the call was not about production. */
  readonly where: string;
}

/** What to do about a refusal, in this program's own commands, ready to be pasted. The server's hints speak HTTP, to everybody. */
const HINTS: { readonly [code: string]: (subject: Subject) => string } = {
  FLAG_NOT_FOUND: ({ key }) => `see them all: rampart flags list; make this one: rampart flags create ${key}`,
  FLAG_EXISTS: ({ key }) => `look at it: rampart flags get ${key}`,
  FLAG_DELETED: () => "use another key; --reuse takes this one when no program asks for the old flag any more",
  FLAG_DISABLED: ({ key, where }) =>
    `rampart flags restore ${key}${where} brings back what it was before the kill; set it to 0 first to start from 0 %`,
  NOT_BOOLEAN: () => "give everybody one variant with --variant NAME, or change the split with --file patch.json",
  INVALID_BODY: () => "nothing was changed",
  REVISION_CONFLICT: ({ key, where }) =>
    `nothing was changed; look at it: rampart flags get ${key}${where || " -e production"}`,
  SEGMENT_NOT_FOUND: () => "see them all: rampart segments list",
  SEGMENT_EXISTS: ({ key }) => `look at it: rampart segments get ${key}`,
  SEGMENT_DELETED: () => "use another key; --reuse takes this one when no flag means the old segment any more",
  TOKEN_NOT_FOUND: () => "see them all: rampart tokens list",
  ROLLOUT_NOT_FOUND: () => "see them all: rampart rollout list",
  FLAG_EXPOSED: ({ key, where }) =>
    `nothing was started; take the flag to 0 % first: rampart flags set ${key} 0${where}`,
  FLAG_MANAGED: ({ key, where }) =>
    `move it by its rollout: rampart rollout status ${key}${where}; rampart flags kill ${key}${where} always works, and ends the rollout`,
  NOT_ALLOWED_NOW: () => "nothing was changed",
  ALREADY_EXPOSED: () => "nothing was changed; roll it back instead: everybody is off at once",
  UNAUTHENTICATED: () => "log in: rampart login, or give a token with --token or RAMPART_TOKEN",
};

/** The hint for a refusal, or undefined where the server's own serves. */
export function hintFor(problem: Problem, call: Call): string | undefined {
  const { code } = problem;
  return Object.hasOwn(HINTS, code) ? HINTS[code]?.(subjectOf(call, problem)) : undefined;
}

function subjectOf({ path, body }: Call, { detail, hint = "" }: Problem): Subject {
  // A plan names its flag and environment in its own text: there the answer alone says which ones they are.
  const [, environment] = /\/environments\/([^/]+)/.exec(`${path} ${hint}`) ?? [];
  const [, named] = /\/(?:flags|segments|tokens)\/([^/]+)/.exec(path) ?? [];
  const { key, flag } = (body ?? {}) as { readonly key?: unknown; readonly flag?: unknown };
  const [, quoted] = /"([^"]+)"/.exec(detail) ?? [];
  return {
    key: pasteable(named === undefined ? (key ?? flag ?? quoted) : decodeURIComponent(named)) ?? "KEY",
    where: environment === undefined || environment === "production" ? "" : ` -e ${pasteable(environment) ?? "NAME"}`,
  };
}

/** The text, when it can stand on a command line as it is. */
function pasteable(text: unknown): string | undefined {
  return typeof text === "string" && /^[\w./][\w./-]*$/.test(text) ? text : undefined;
}
