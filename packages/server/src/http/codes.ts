import type { RefusalCode } from "../domain/problems.ts";
import type { RefusalCode as RolloutRefusalCode } from "../domain/rollout/effect.ts";

/** What a problem's code stands for, as the reference page tells it. */
interface CodeMeaning {
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
}

/** Failures that only HTTP knows, beside those of the domain. */
export type HttpCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "BAD_REQUEST"
  | "ROUTE_NOT_FOUND"
  | "METHOD_NOT_ALLOWED"
  | "MALFORMED_JSON"
  | "FORBIDDEN_KEY"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "BODY_TOO_LARGE"
  | "BODY_INCOMPLETE"
  | "INVALID_QUERY"
  | "INVALID_IF_MATCH"
  | "INVALID_CONTEXT"
  | "SIGNATURE_REQUIRED"
  | "SIGNATURE_WRONG"
  | "SIGNATURE_EXPIRED"
  | "ORIGIN_NOT_ALLOWED"
  | "BACKTEST_INVALID"
  | "METRIC_UNREADABLE"
  | "RECEIPTS_NOT_FOUND"
  | "DRILL_PROVES_NOTHING"
  | "DRILL_NOT_FOUND"
  | "CHANNEL_NOT_FOUND"
  | "CHANNEL_INVALID"
  | "CHANNEL_FIXED"
  | "CHANNELS_FULL"
  | "MESSAGE_NOT_DEAD"
  | "CROSS_SITE"
  | "RATE_LIMITED"
  | "STREAMS_STORM"
  | "STREAMS_FULL"
  | "NOT_CURRENT"
  | "SHUTTING_DOWN"
  | "STORE_FULL"
  | "STORE_UNAVAILABLE"
  | "INTERNAL";

/** Every code that a problem can have. Codes are part of the API. */
export type ProblemCode = RefusalCode | RolloutRefusalCode | HttpCode;

/** Every code that the API can answer with. */
export const CODES: { readonly [code in ProblemCode]: CodeMeaning } = {
  FLAG_NOT_FOUND: {
    status: 404,
    title: "No such flag",
    meaning: "Look at `suggestions` for names near the one asked for.",
  },
  FLAG_EXISTS: { status: 409, title: "Flag exists", meaning: "The key is taken." },
  FLAG_DELETED: {
    status: 409,
    title: "Flag was deleted",
    meaning: "A deleted flag's key is not given out again unless `reuse` is set.",
  },
  FLAG_DISABLED: {
    status: 409,
    title: "Flag is killed",
    meaning: "A percentage above 0 would have no effect until the flag is restored.",
  },
  FLAG_MANAGED: {
    status: 409,
    title: "A rollout manages the flag",
    meaning: "Its percentage is set by the rollout that the detail names; a kill works all the same.",
  },
  FLAG_EXPOSED: { status: 409, title: "Flag is above 0 %", meaning: "A rollout begins where nobody is on yet." },
  PLAN_NOT_FOUND: {
    status: 404,
    title: "No such plan",
    meaning: "Look at `suggestions` for names near the one asked for.",
  },
  PLAN_INVALID: {
    status: 400,
    title: "Invalid plan",
    meaning: "`errors` names everything that is wrong with it, by line and column.",
  },
  PLAN_MISMATCH: {
    status: 409,
    title: "Not a revision of this plan",
    meaning: "A rollout goes on only by a plan of the same name, flag and environment.",
  },
  SCENARIO_INVALID: {
    status: 400,
    title: "Invalid scenario",
    meaning: "`errors` names everything that is wrong with it, by line and column.",
  },
  BACKTEST_INVALID: {
    status: 400,
    title: "Not to be backtested so",
    meaning: "The detail says what is wrong with the time, the step or the starts, and the hint what would do.",
  },
  METRIC_UNREADABLE: {
    status: 502,
    title: "A metric can't be read",
    meaning: "The detail names it, what was asked, and what came back from its source.",
  },
  ROLLOUT_NOT_FOUND: { status: 404, title: "No such rollout", meaning: "Rollouts are named by their id." },
  ROLLOUT_BUSY: {
    status: 409,
    title: "Another rollout ramps the flag",
    meaning: "The detail names it. There is one at a time for a flag in an environment.",
  },
  NOT_ALLOWED_NOW: {
    status: 409,
    title: "Not possible now",
    meaning: "The hint and `current.allowed` name the commands that are.",
  },
  ALREADY_EXPOSED: { status: 409, title: "Users are on already", meaning: "It is too late to cancel. Roll back." },
  NOT_EXPOSED: { status: 409, title: "Nobody is on yet", meaning: "There is no stage to end." },
  NO_APPROVAL_NEEDED: {
    status: 409,
    title: "Nothing to approve",
    meaning: "The stage that is next needs no approval.",
  },
  ROLE_MISSING: {
    status: 403,
    title: "Role missing",
    meaning:
      "The detail names the role that it takes and those that the token carries. No kind of token has a role by itself.",
  },
  PLAN_CHANGED: {
    status: 409,
    title: "The plan has changed",
    meaning: "An approval counts for the plan that the person has read.",
  },
  ITEM_UNKNOWN: { status: 404, title: "No such item", meaning: "The hint names the items that are open now." },
  TRIGGER_TRUE: {
    status: 409,
    title: "A trigger is true",
    meaning: "Nothing goes up while the condition of a rollback or pause trigger is true.",
  },
  PLAN_EDIT_TOO_LATE: {
    status: 409,
    title: "Too late to edit so",
    meaning: "Stages up to the open one stay as they are.",
  },
  SEGMENT_NOT_FOUND: {
    status: 404,
    title: "No such segment",
    meaning: "Look at `suggestions` for names near the one asked for.",
  },
  SEGMENT_EXISTS: { status: 409, title: "Segment exists", meaning: "The key is taken." },
  SEGMENT_DELETED: {
    status: 409,
    title: "Segment was deleted",
    meaning: "A deleted segment's key is not given out again unless `reuse` is set.",
  },
  ENVIRONMENT_NOT_FOUND: {
    status: 404,
    title: "No such environment",
    meaning: "The hint names all environments there are.",
  },
  TOKEN_NOT_FOUND: { status: 404, title: "No such token", meaning: "Tokens are named by id, never by their text." },
  INVALID_PERCENTAGE: {
    status: 400,
    title: "Invalid percentage",
    meaning: "A number from 0 to 100 with at most three decimals.",
  },
  INVALID_BODY: {
    status: 400,
    title: "Invalid body",
    meaning: "`errors` names every field that is wrong, by JSON pointer.",
  },
  REVISION_CONFLICT: {
    status: 409,
    title: "Somebody else was faster",
    meaning:
      "The revision in `If-Match` is not the present one. `current` is what is there, `differences` where your change differs from it.",
  },
  PREREQUISITE_CYCLE: { status: 400, title: "Prerequisites make a circle", meaning: "The detail names the circle." },
  IN_USE: { status: 409, title: "Still in use", meaning: "Other flags refer to it; the detail names them." },
  NOT_BOOLEAN: { status: 400, title: "Not a boolean flag", meaning: "Only boolean flags have a percentage." },
  UNAUTHENTICATED: {
    status: 401,
    title: "Not authenticated",
    meaning: "No token was sent, or it is unknown, mistyped, expired or revoked.",
  },
  FORBIDDEN: {
    status: 403,
    title: "Not allowed",
    meaning: "The token is good, but lacks the scope or the environment that the detail names.",
  },
  BAD_REQUEST: {
    status: 400,
    title: "Not HTTP",
    meaning: "The request's head can't be read: its target, a header, or its length.",
  },
  ROUTE_NOT_FOUND: { status: 404, title: "No such path", meaning: "See this page for all paths." },
  METHOD_NOT_ALLOWED: { status: 405, title: "Method not allowed", meaning: "The `Allow` header names those that are." },
  MALFORMED_JSON: { status: 400, title: "Malformed JSON", meaning: "The detail says at which line and column." },
  FORBIDDEN_KEY: {
    status: 400,
    title: "Forbidden key",
    meaning: "`__proto__`, `constructor` and `prototype` are no names for fields.",
  },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "Unsupported media type", meaning: "Bodies are `application/json`." },
  BODY_TOO_LARGE: { status: 413, title: "Body too large", meaning: "The detail names the limit." },
  BODY_INCOMPLETE: {
    status: 400,
    title: "Body incomplete",
    meaning: "The connection broke off, or the body's length is not what was announced.",
  },
  INVALID_QUERY: { status: 400, title: "Invalid query", meaning: "`errors` names every parameter that is wrong." },
  INVALID_IF_MATCH: {
    status: 400,
    title: "Invalid If-Match",
    meaning: "A revision in quotes, as `ETag` gave it, or `*`.",
  },
  INVALID_CONTEXT: {
    status: 400,
    title: "Invalid context",
    meaning: "An id, or an object with `targetingKey` and attributes, within the limits.",
  },
  SIGNATURE_REQUIRED: {
    status: 403,
    title: "Signature required",
    meaning: "The client key was made for signed contexts: `secure` must come with each.",
  },
  SIGNATURE_WRONG: {
    status: 403,
    title: "Wrong signature",
    meaning: "It was made for another context key, or with the secret of another client key.",
  },
  SIGNATURE_EXPIRED: {
    status: 403,
    title: "Signature expired",
    meaning: "Ask your own server for a new one; it may be good for at most seven days.",
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    title: "Origin not allowed",
    meaning: "The client key names the origins whose pages may use it, and this is none of them.",
  },
  CROSS_SITE: {
    status: 403,
    title: "Cross-site request",
    meaning: "In development mode, calls without a token must not come from another site's page.",
  },
  CHANNEL_NOT_FOUND: {
    status: 404,
    title: "No such channel",
    meaning:
      "The channels are those that were made through the API, those of the file that `RAMPART_CHANNELS` names, and the log.",
  },
  CHANNEL_INVALID: {
    status: 400,
    title: "Invalid channel",
    meaning: "The detail names everything that is wrong with its settings, and shows none of their values.",
  },
  CHANNEL_FIXED: {
    status: 409,
    title: "Channel is not of the API",
    meaning: "A channel of the channels file is changed there; the log is always as it is.",
  },
  CHANNELS_FULL: { status: 409, title: "Too many channels", meaning: "Remove those that no plan names any more." },
  MESSAGE_NOT_DEAD: {
    status: 404,
    title: "No such message given up",
    meaning: "Only a message that was given up is sent again: others wait, or were sent.",
  },
  RECEIPTS_NOT_FOUND: {
    status: 404,
    title: "No such receipts",
    meaning: "The revision was no kill or rollback, or this server does not remember it any more.",
  },
  DRILL_NOT_FOUND: { status: 404, title: "No such drill", meaning: "The last hundred drills are kept at hand." },
  DRILL_PROVES_NOTHING: {
    status: 409,
    title: "Drill proves nothing",
    meaning: "A drill is a rollback of the drill flag, decided by a trigger, with a receipt from every client.",
  },
  RATE_LIMITED: { status: 429, title: "Too many requests", meaning: "Wait as long as `Retry-After` says." },
  STREAMS_STORM: {
    status: 503,
    title: "Too many streams at once",
    meaning: "Many clients are coming back at the same time. `Retry-After` spreads them.",
  },
  STREAMS_FULL: {
    status: 503,
    title: "No room for more streams",
    meaning: "The server holds as many streams as it was configured for.",
  },
  NOT_CURRENT: {
    status: 503,
    title: "Not current",
    meaning:
      "This server does not know what is stored now, or the caller has heard of more from another one. Nothing older is told; another server may know, and this one is asked again after `Retry-After`.",
  },
  SHUTTING_DOWN: { status: 503, title: "Shutting down", meaning: "The server takes no new streams any more." },
  STORE_FULL: { status: 507, title: "Disk full", meaning: "Nothing was written. Reads and streams go on." },
  STORE_UNAVAILABLE: {
    status: 503,
    title: "Store unavailable",
    meaning: "Nothing was written. What was served before still is.",
  },
  INTERNAL: {
    status: 500,
    title: "Internal error",
    meaning: "The request id in the detail finds it in the server's log.",
  },
};
