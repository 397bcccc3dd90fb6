import { z } from "@hono/zod-openapi";

const reason = z.enum([
  "STATIC",
  "DEFAULT",
  "TARGETING_MATCH",
  "SPLIT",
  "DISABLED",
  "UNKNOWN",
  "STALE",
  "CACHED",
  "ERROR",
]);
const revision = z.number().int();

const clientFlag = z
  .object({
    value: z.unknown().openapi({ description: "Missing beside `errorCode`: serve the default" }),
    variant: z.string().optional(),
    reason,
    errorCode: z.string().optional(),
    revision,
    lease: z
      .object({ ms: z.number().int(), value: z.unknown(), variant: z.string() })
      .optional()
      .openapi({ description: "What to serve after so long without contact" }),
  })
  .openapi("ClientFlag");

/** `ClientValues` of the core. */
export const clientValues = z
  .object({ epoch: z.string(), revision, etag: z.string(), flags: z.record(z.string(), clientFlag) })
  .openapi("ClientValues");

/** OFREP's answer for one flag. */
export const ofrepSuccess = z
  .object({
    key: z.string(),
    reason,
    variant: z.string(),
    value: z.unknown(),
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  })
  .openapi("OfrepEvaluation");

/** OFREP's failure; `key` where it is of one flag. */
export const ofrepFailure = z
  .object({ key: z.string().optional(), errorCode: z.string(), errorDetails: z.string().optional() })
  .openapi("OfrepFailure");

/** OFREP's answer for all flags. */
export const ofrepBulk = z
  .object({
    flags: z.array(z.union([ofrepSuccess, ofrepFailure])),
    metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    eventStreams: z.array(
      z.object({
        type: z.literal("sse"),
        endpoint: z.object({ requestUri: z.string() }),
        inactivityDelaySec: z.number().int(),
      }),
    ),
  })
  .openapi("OfrepBulkEvaluation");
