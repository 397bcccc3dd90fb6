import { z } from "@hono/zod-openapi";
import { scrubPatterns } from "../domain/secrets/scrub.ts";

/** Reasons are read by people in lists: a paragraph, not a document. */
const REASON_LENGTH_MAX = 1_000;

/** Any JSON; what it must be depends on the flag's type. */
const anyJson = z.unknown().openapi({ description: "Any JSON value" });

const instant = z.string().openapi({ format: "date-time", example: "2026-01-05T02:00:00.000Z" });
const percentageShown = z.number().openapi({ minimum: 0, maximum: 100, multipleOf: 0.001, example: 12.5 });

/** Why somebody changes something; becomes part of the audit. */
export const reason = z
  .string()
  .max(REASON_LENGTH_MAX, `must be at most ${REASON_LENGTH_MAX} characters`)
  // People paste what they just ran; the audit keeps it for ever.
  .overwrite(scrubPatterns)
  .openapi({ description: "Why; becomes part of the audit", example: "canary looks good" });

const clause = z
  .object({
    attribute: z.string().openapi({ description: "A top-level attribute, or a JSON pointer like /address/country" }),
    op: z.enum([
      "equals",
      "in",
      "contains",
      "startsWith",
      "endsWith",
      "matches",
      "lessThan",
      "lessThanOrEqual",
      "greaterThan",
      "greaterThanOrEqual",
      "before",
      "after",
      "semverEqual",
      "semverLessThan",
      "semverLessThanOrEqual",
      "semverGreaterThan",
      "semverGreaterThanOrEqual",
      "inCidr",
      "inSegment",
    ]),
    values: z.array(anyJson),
    negate: z.boolean(),
  })
  .openapi("Clause", { description: "One test of a context" });

const serve = z
  .union([
    z.object({ variant: z.string() }),
    z.object({ percentage: percentageShown }),
    z.object({ split: z.array(z.object({ variant: z.string(), percentage: percentageShown })) }),
  ])
  .openapi("Serve", { description: "One variant, a percentage of on (boolean flags), or a split that adds up to 100" });

const rule = z
  .object({ id: z.string(), description: z.string().optional(), clauses: z.array(clause), serve })
  .openapi("Rule");

const definition = {
  key: z.string().openapi({ description: "1 to 128 letters, digits and ._-/", example: "checkout/new-cart" }),
  type: z.enum(["boolean", "string", "number", "json"]),
  description: z.string(),
  variants: z.record(z.string(), anyJson),
  tags: z.array(z.string()),
  owner: z.string().optional(),
  expectedEnd: z.string().optional().openapi({ format: "date" }),
};

const config = {
  enabled: z.boolean().openapi({ description: "False: everybody gets the off variant" }),
  offVariant: z.string(),
  targets: z.record(z.string(), z.string()).openapi({ description: "Id to variant" }),
  rules: z.array(rule),
  fallthrough: serve,
  salt: z.string(),
  bucketBy: z.string(),
  prerequisites: z.array(z.object({ flag: z.string(), variants: z.array(z.string()) })),
  clientVisible: z.boolean(),
  leaseMs: z
    .number()
    .int()
    .optional()
    .openapi({ description: "Milliseconds without contact after which SDKs serve the off variant" }),
  measures: z.array(z.string()).optional().openapi({
    description: "What SDKs measure by cohort and unit while a rollout is under way; `run` is what `run` sees",
  }),
};

const flagState = z
  .object({
    enabled: z.boolean(),
    percentage: percentageShown.optional(),
    rules: z.number().int(),
    targets: z.number().int(),
    revision: z.number().int(),
    lastEvaluatedAt: instant.optional().openapi({
      description: "When a program last asked for it; missing: not in the last thirty days",
    }),
  })
  .openapi("FlagState");

/** A flag, and how it stands in each environment. */
export const flagView = z
  .object({ ...definition, createdAt: instant, updatedAt: instant, environments: z.record(z.string(), flagState) })
  .openapi("Flag");

/** What a flag is made from; only its key is needed. */
export const newFlag = z
  .object(definition)
  .partial()
  .required({ key: true })
  .extend({
    reuse: z.boolean().optional().openapi({ description: "Take the key of a flag that was deleted" }),
    reason: reason.optional(),
  })
  .openapi("NewFlag");

/** Changes to a flag's definition. Its key and its type stay. */
export const flagPatch = z
  .object(definition)
  .omit({ key: true, type: true })
  .partial()
  .extend({ reason: reason.optional() })
  .openapi("FlagPatch", {
    description:
      "Each field replaces the whole; null sets it back to its default. Variants can be added and changed, not taken away.",
  });

/** A flag's configuration in an environment; `revision` is what `If-Match` takes. */
export const configView = z
  .object({
    ...config,
    key: z.string(),
    environment: z.string(),
    revision: z.number().int(),
    updatedAt: instant,
    updatedBy: z.string(),
  })
  .openapi("FlagConfig");

/** Changes to a flag's configuration in an environment. */
export const configPatch = z.object(config).partial().extend({ reason: reason.optional() }).openapi("FlagConfigPatch", {
  description:
    "`targets` is merged id by id (null takes one out); every other field replaces the whole; null sets it back to its default.",
});

/** What ramping, killing or restoring came to. */
export const rampView = z
  .object({
    feature: z.string(),
    environment: z.string(),
    enabled: z.boolean(),
    percentage: percentageShown.optional(),
    previousPercentage: percentageShown.optional(),
    revision: z.number().int(),
    changed: z.boolean().openapi({ description: "False when nothing had to change" }),
    at: instant,
    unstored: z
      .object({ keptIn: z.enum(["file", "memory"]), detail: z.string() })
      .optional()
      .openapi({ description: "Connected clients were told, and the store was not yet" }),
  })
  .openapi("Ramp");

/** The answer to a kill or a rollback while nothing can be stored. */
export const UNSTORED = {
  description:
    "Told to the connected clients and not stored, which is tried again every second; `unstored` says what that means",
  schema: rampView,
};

const segment = {
  key: z.string(),
  description: z.string(),
  included: z.array(z.string()),
  excluded: z.array(z.string()),
  rules: z.array(z.object({ clauses: z.array(clause) })),
};

/** A segment, the same in every environment. */
export const segmentView = z.object({ ...segment, createdAt: instant, updatedAt: instant }).openapi("Segment");

/** What a segment is made from; only its key is needed. */
export const newSegment = z
  .object(segment)
  .partial()
  .required({ key: true })
  .extend({ reuse: z.boolean().optional(), reason: reason.optional() })
  .openapi("NewSegment");

/** Changes to a segment; each field replaces the whole. */
export const segmentPatch = z
  .object(segment)
  .omit({ key: true })
  .partial()
  .extend({ reason: reason.optional() })
  .openapi("SegmentPatch");

/** What a token is for; it bounds the scopes. */
export const tokenKind = z.enum(["admin", "operator", "viewer", "server", "client", "relay", "ci"]);

/** A token without what is secret of it; `prefix` tells it from others. */
export const tokenView = z
  .object({
    id: z.string(),
    kind: tokenKind,
    name: z.string(),
    environments: z.array(z.string()),
    roles: z.array(z.string()),
    createdAt: instant,
    expiresAt: instant.optional(),
    revokedAt: instant.optional(),
    lastUsedAt: instant.optional(),
    prefix: z.string(),
    origins: z.array(z.string()).optional().openapi({ description: "Whose pages may use it; missing: every site's" }),
    secure: z.boolean().optional().openapi({ description: "Contexts must be signed" }),
  })
  .openapi("Token");

/** A token with its secrets, which are not stored and can't be shown again. */
export const createdToken = tokenView
  .extend({
    token: z.string().openapi({ description: "Shown this once" }),
    secret: z.string().optional().openapi({ description: "To sign contexts with. Shown this once" }),
  })
  .openapi("CreatedToken");

/** An environment, and how far its history goes. */
export const environmentView = z
  .object({ key: z.string(), epoch: z.string(), revision: z.number().int() })
  .openapi("Environment");

/** The clients that are connected, or polled lately, to any server on the store. */
export const clientsView = z
  .object({
    environment: z.string(),
    epoch: z.string(),
    revision: z.number().int(),
    clients: z.array(
      z
        .object({
          instanceId: z.string(),
          sdk: z.string(),
          address: z.string(),
          transport: z.enum(["stream", "poll"]),
          connectedAt: instant,
          lastContactAt: instant,
          epoch: z.string(),
          revision: z.number().int(),
          lag: z.number().int().openapi({ description: "Revisions behind the environment" }),
          acknowledgedRevision: z.number().int().optional(),
          acknowledgedAt: instant.optional(),
          replica: z.string().optional().openapi({ description: "The server that has it, where there are several" }),
          relay: z
            .string()
            .optional()
            .openapi({ description: "The relays that it is behind, the outermost first, with slashes" }),
        })
        .openapi("Client"),
    ),
    total: z.number().int(),
    current: z.number().int().openapi({ description: "How many are at the environment's revision" }),
    missing: z
      .array(z.string())
      .optional()
      .openapi({ description: "Servers that have not said in time whom they have: not listed, not counted" }),
  })
  .openapi("Clients");

/** One act, chained to the one before by its hash. */
export const auditEntry = z
  .object({
    seq: z.number().int(),
    at: instant,
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    environment: z.string().optional(),
    revision: z.number().int().optional(),
    reason: z.string().optional(),
    traceId: z
      .string()
      .optional()
      .openapi({ description: "The trace of the call that asked for it, by its `traceparent`" }),
    before: anyJson.optional(),
    after: anyJson.optional(),
    previousHash: z.string(),
    hash: z.string().openapi({ description: "Hex SHA-256 of the entry's canonical JSON (RFC 8785) without `hash`" }),
  })
  .openapi("AuditEntry");

/** What a context gets, and each step on the way there. */
export const explainedEvaluation = z
  .object({
    flagKey: z.string(),
    value: anyJson,
    variant: z.string().optional(),
    reason: z.string(),
    errorCode: z.string().optional(),
    errorMessage: z.string().optional(),
    revision: z.number().int(),
    ruleId: z.string().optional(),
    bucket: z.number().int().optional(),
    steps: z.array(z.object({ step: z.string(), outcome: z.string() })),
  })
  .openapi("ExplainedEvaluation");

const fieldError = z.object({ pointer: z.string(), detail: z.string(), hint: z.string().optional() });

/** What every error's body is. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string(),
    hint: z.string().optional(),
    errors: z.array(fieldError).optional(),
    suggestions: z.array(z.string()).optional(),
    current: anyJson.optional(),
    differences: z.array(z.object({ pointer: z.string(), yours: anyJson, current: anyJson })).optional(),
  })
  .openapi("Problem", { description: "RFC 9457. `code` is stable, `hint` says what to do." });

/** Whether the process and its database are there. */
export const health = z
  .object({
    status: z.enum(["healthy", "unhealthy"]),
    version: z.string(),
    timestamp: instant,
    dependencies: z.object({ database: z.enum(["connected", "disconnected"]) }),
  })
  .openapi("Health");

/** Whether traffic should be sent here, check by check. */
export const readiness = z
  .object({
    ready: z.boolean().openapi({ description: "Every check is `ok`" }),
    checks: z.object({
      database: z.string().openapi({ description: "It answers within two seconds" }),
      schema: z.string().openapi({ description: "It is the one that this server needs, or a newer one" }),
      fanout: z.string().openapi({ description: "Streams and polls are served what is stored" }),
      shutdown: z.string().openapi({ description: "The server is not going away" }),
    }),
    notes: z
      .array(z.string())
      .openapi({ description: "What is worth knowing, and no reason to send traffic elsewhere" }),
  })
  .openapi("Readiness");

/** A page of a list. */
export function pageOf(item: z.ZodType): z.ZodType {
  return z.object({
    items: z.array(item),
    next: z.string().optional().openapi({ description: "Send it as `cursor` to get the next page" }),
  });
}
