import { createHash } from "node:crypto";
import type { Basis, ClientChanged, ClientHeartbeat, EvaluationContext } from "@rampart/core";
import type { EpochMs } from "../../ports/store.ts";
import { encodeEvent } from "../frame.ts";
import type { Answer, Answers, Audience } from "./answers.ts";

/** Every flag's answer for one context. */
export interface Values {
  readonly answers: ReadonlyMap<string, Answer>;
  /** Without quotes. The same for the same answers, at whatever revision. */
  readonly etag: string;
}

/** 96 bits of SHA-256: a value that changed and has the tag of before is not to be met with. */
const ETAG_LENGTH = 16;

/** Evaluates every flag that there is for the audience. */
export function valuesFor(answers: Answers, context: EvaluationContext, audience: Audience): Values {
  const all = new Map<string, Answer>();
  const hash = createHash("sha256");
  for (const key of answers.keys(audience)) {
    const answer = answers.answer(key, context, audience);
    if (answer === undefined) continue;
    all.set(key, answer);
    hash.update(`${JSON.stringify(key)}:${answer.content}\n`);
  }
  return { answers: all, etag: hash.digest("base64url").slice(0, ETAG_LENGTH) };
}

/** What each flag gave, for counting; no variant: it could give none. */
export const outcomesOf = ({ answers }: Values): readonly (readonly [flag: string, variant: string | undefined])[] =>
  [...answers].map(([key, answer]) => [key, variantOf(answer)]);

/** The variant that an answer gives; undefined: it could give none. */
export const variantOf = ({ flag }: Answer): string | undefined => ("variant" in flag ? flag.variant : undefined);

/** `ClientValues` as JSON. */
export function valuesJson({ epoch, revision }: Basis, { answers, etag }: Values): string {
  return `{${JSON.stringify({ epoch, revision, etag }).slice(1, -1)},"flags":${flagsJson(answers)}}`;
}

/** All values as an event: `unconfirmed` where it is not known whether they are those of what is stored now. */
export const valuesFrame = (present: Basis, values: Values, event: "values" | "unconfirmed"): Buffer =>
  encodeEvent({ event, json: valuesJson(present, values) });

/** A `changed` event. */
export function changedFrame(
  head: Pick<ClientChanged, "epoch" | "revision" | "committedAt"> & { readonly urgent: boolean },
  { changed, removed }: { readonly changed: ReadonlyMap<string, Answer>; readonly removed: readonly string[] },
): Buffer {
  const { urgent, ...rest } = head;
  const fields = JSON.stringify({
    ...rest,
    ...(urgent ? { urgent } : {}),
    ...(removed.length === 0 ? {} : { removed }),
  } satisfies ClientChanged);
  const json = changed.size === 0 ? fields : `${fields.slice(0, -1)},"flags":${flagsJson(changed)}}`;
  return encodeEvent({ event: "changed", json });
}

/** A `heartbeat` event. */
export function heartbeatFrame({ epoch, revision }: Basis, now: EpochMs): Buffer {
  const heartbeat: ClientHeartbeat = { epoch, revision, now };
  return encodeEvent({ event: "heartbeat", json: JSON.stringify(heartbeat) });
}

function flagsJson(answers: ReadonlyMap<string, Answer>): string {
  let json = "{";
  for (const [key, answer] of answers) json += `${json === "{" ? "" : ","}${JSON.stringify(key)}:${answer.json}`;
  return `${json}}`;
}
