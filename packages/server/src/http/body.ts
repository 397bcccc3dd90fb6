import type { IncomingMessage } from "node:http";
import { pointerTo, jsonErrorOffset } from "@rampart/core";
import type { FieldError } from "../domain/problems.ts";
import { quoted } from "../domain/problems.ts";
import { ProblemError } from "./problem.ts";

/** Objects and arrays within each other, body included. Contexts have a limit of their own below this one. */
const DEPTH_MAX = 32;

/** Names by which an object's prototype could be reached, were it ever merged into another. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Which bodies a route takes. */
export interface BodyRules {
  readonly maxBytes: number;
  /** `curl -d` says that everything is a form: routes meant for it look at the body alone. */
  readonly anyContentType: boolean;
  /** No body at all stands for `{}`. */
  readonly optional: boolean;
  /** What a YAML or plain text stands for; undefined: only JSON is taken. */
  readonly ofText: ((text: string) => unknown) | undefined;
}

/** Content types whose bodies are texts for people and not JSON. */
const TEXT_TYPES: ReadonlySet<string> = new Set([
  "application/yaml",
  "application/x-yaml",
  "text/yaml",
  "text/x-yaml",
  "text/plain",
]);

/** Reads a body and parses its JSON. Throws a `ProblemError` that says what is wrong with it and where. */
export async function readBody(incoming: IncomingMessage, rules: BodyRules): Promise<unknown> {
  const type = incoming.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (rules.ofText !== undefined && type !== undefined && TEXT_TYPES.has(type)) {
    return rules.ofText((await readBytes(incoming, rules.maxBytes)).toString("utf8"));
  }
  if (!rules.anyContentType) checkContentType(type, rules);
  const body = await readBytes(incoming, rules.maxBytes);
  return body.length === 0 && rules.optional ? {} : parseJson(body.toString("utf8"));
}

function checkContentType(type: string | undefined, { ofText }: BodyRules): void {
  if (type === undefined || type === "application/json" || type.endsWith("+json")) return;
  throw new ProblemError({
    code: "UNSUPPORTED_MEDIA_TYPE",
    detail: `The body is said to be ${quoted(type)}.`,
    hint:
      ofText === undefined
        ? "Send JSON with the header content-type: application/json."
        : "Send the YAML as it is (curl --data-binary @plan.yaml) with the header content-type: application/yaml, or JSON with application/json.",
  });
}

/** The body's bytes; gives up as soon as there are more than `maxBytes`, announced or not. */
function readBytes(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = (): ProblemError =>
    new ProblemError(
      {
        code: "BODY_TOO_LARGE",
        detail: `The body is larger than ${maxBytes} bytes, the limit for this path.`,
        hint: "Send less at a time.",
      },
      { connection: "close" },
    );
  if (Number(incoming.headers["content-length"] ?? 0) > maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (finish: () => void): void => {
      incoming.off("data", onData).off("end", onEnd).off("close", onClose).off("error", onClose);
      finish();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else settle(() => reject(tooLarge()));
    };
    const onEnd = (): void =>
      settle(() => resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size)));
    const onClose = (): void =>
      settle(() =>
        reject(
          new ProblemError({
            code: "BODY_INCOMPLETE",
            detail: `The connection broke off after ${size} bytes of the body.`,
            hint: "Send it again: nothing was changed.",
          }),
        ),
      );
    incoming.on("data", onData).on("end", onEnd).on("close", onClose).on("error", onClose);
  });
}

/** Parses JSON text from outside. Throws a `ProblemError` with line and column. */
export function parseJson(text: string): unknown {
  if (text.trim() === "") {
    throw new ProblemError({
      code: "MALFORMED_JSON",
      detail: "The body is empty.",
      hint: "Send a JSON object, {} at least.",
    });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed(text);
  }
  const error = findForbidden(value, "", 1);
  if (error !== undefined) {
    throw new ProblemError({
      code: "FORBIDDEN_KEY",
      detail: `${error.pointer}: ${error.detail}`,
      hint: "Rename the field, or nest less.",
      errors: [error],
    });
  }
  return value;
}

function malformed(text: string): ProblemError {
  const offset = jsonErrorOffset(text) ?? text.length;
  const before = text.slice(0, offset).split("\n");
  const column = (before.at(-1)?.length ?? 0) + 1;
  const near = text.slice(Math.max(0, offset - 20), offset + 20);
  return new ProblemError({
    code: "MALFORMED_JSON",
    detail: `The body is no JSON: at line ${before.length}, column ${column}, near ${quoted(near)}${offset === text.length ? ", it ends too early" : ""}.`,
    hint: "Names and texts stand in double quotes, and there is no comma after the last element. In a shell, put the body into single quotes.",
  });
}

function findForbidden(value: unknown, pointer: string, depth: number): FieldError | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > DEPTH_MAX) return { pointer: pointer.slice(0, 80), detail: `nested more than ${DEPTH_MAX} deep` };
  for (const [key, inner] of Object.entries(value)) {
    const inside = pointerTo(pointer, key);
    if (FORBIDDEN_KEYS.has(key)) return { pointer: inside, detail: `${quoted(key)} is no name for a field` };
    const found = findForbidden(inner, inside, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
