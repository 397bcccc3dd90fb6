import type { FieldProblem } from "../model/problem.ts";
import type { EvaluationContext, User } from "../model/flag.ts";
import { show } from "../model/show.ts";
import { pointerTo } from "../model/json-pointer.ts";
import { contextOf, isUser } from "./context.ts";

/** Size of a context as compact JSON, counted in UTF-16 units: an attacker's context must not cost more than a request. */
export const CONTEXT_LENGTH_MAX = 16 * 1024;
/** Levels of objects and lists, the context itself being the first. */
export const CONTEXT_DEPTH_MAX = 20;
/** Keys of all its objects together. */
export const CONTEXT_KEYS_MAX = 200;

/** A context that is within the limits, or the first thing that is wrong with it. */
export type ContextCheck =
  | { readonly ok: true; readonly context: EvaluationContext }
  | { readonly ok: false; readonly problem: FieldProblem };

/** Names through which code that copies carelessly reaches prototypes. No honest context has them. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads a user from outside (an id, or an object with attributes) into a context of null-prototype objects, within the limits above.
 * Stops at the first thing that is wrong.
 */
export function checkContext(input: unknown): ContextCheck {
  if (!isUser(input)) {
    const hint = 'an id, or an object such as { "targetingKey": "user-1", "plan": "pro" }';
    return { ok: false, problem: { pointer: "", detail: `${show(input)} is not a context`, hint } };
  }
  return within(typeof input === "object" && input !== null ? input : contextOf(input as User));
}

function within(input: object): ContextCheck {
  const copy = new ContextCopier();
  const context = copy.value(input, "", 1);
  if (copy.problem !== undefined) return { ok: false, problem: copy.problem };
  return { ok: true, context: withKey(context as EvaluationContext) };
}

/** `id` stands in for `targetingKey` here too, so that what comes out has one name for it. */
function withKey(context: EvaluationContext): EvaluationContext {
  const { targetingKey } = contextOf(context);
  return Object.assign(
    Object.create(null),
    context,
    targetingKey === undefined ? {} : { targetingKey },
  ) as EvaluationContext;
}

/** Copies JSON, counting as it goes, and stops at the first problem. */
class ContextCopier {
  problem: FieldProblem | undefined = undefined;
  #length = 0;
  #keys = 0;

  value(input: unknown, at: string, depth: number): unknown {
    if (typeof input !== "object" || input === null) return this.#scalar(input, at);
    if (depth > CONTEXT_DEPTH_MAX) return this.#fail(at, "is nested too deep", `at most ${CONTEXT_DEPTH_MAX} levels`);
    this.#count(2, at);
    return Array.isArray(input) ? this.#list(input, at, depth) : this.#object(input, at, depth);
  }

  #list(input: readonly unknown[], at: string, depth: number): unknown {
    const copy: unknown[] = [];
    for (const [index, item] of input.entries()) {
      this.#count(1, at);
      copy.push(this.value(item, `${at}/${index}`, depth + 1));
      if (this.problem !== undefined) break;
    }
    return copy;
  }

  #object(input: object, at: string, depth: number): unknown {
    const copy = Object.create(null) as { [key: string]: unknown };
    for (const [key, field] of Object.entries(input)) {
      const fieldAt = pointerTo(at, key);
      if (FORBIDDEN_KEYS.has(key)) this.#fail(fieldAt, `${show(key)} can't be an attribute`, "another name");
      this.#keys++;
      if (this.#keys > CONTEXT_KEYS_MAX)
        this.#fail("", "has too many keys", `at most ${CONTEXT_KEYS_MAX}, nested ones included`);
      this.#count(key.length + 4, fieldAt);
      if (this.problem !== undefined) break;
      copy[key] = this.value(field, fieldAt, depth + 1);
    }
    return copy;
  }

  #scalar(input: unknown, at: string): unknown {
    if (typeof input === "string") this.#count(input.length + 2, at);
    else if (typeof input === "boolean" || input === null || Number.isFinite(input))
      this.#count(String(input).length, at);
    else this.#fail(at, `${show(input)} is not JSON`, "a text, number, boolean, null, list or object");
    return input;
  }

  #count(length: number, at: string): void {
    this.#length += length;
    if (this.#length > CONTEXT_LENGTH_MAX)
      this.#fail(at, "is where the context becomes too large", `at most ${CONTEXT_LENGTH_MAX} characters of JSON`);
  }

  #fail(pointer: string, detail: string, hint: string): undefined {
    this.problem ??= { pointer, detail, hint };
    return undefined;
  }
}
