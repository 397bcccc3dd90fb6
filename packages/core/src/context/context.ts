import { NO_ATTRIBUTES, type Attributes } from "../clause/attribute.ts";
import type { EvaluationContext, User } from "../model/flag.ts";

/**
 * The id of whatever was given for a user: a text or a number, or its `targetingKey`, or else its `id`. Empty when there is
 * none, and an empty one is none.
 */
export function idOf(user: unknown): string {
  if (typeof user === "string") return user;
  if (typeof user !== "object" || user === null) return keyText(user);
  const attributes = user as Attributes;
  return keyText(attributes.targetingKey) || keyText(attributes.id);
}

/** The attributes of whatever was given for a user. */
export function attributesOf(user: unknown): Attributes {
  return typeof user === "object" && user !== null ? (user as Attributes) : NO_ATTRIBUTES;
}

/** Text to hash: ids are often numbers in the application and text elsewhere. Empty for what identifies nobody. */
export function keyText(value: unknown): string {
  if (typeof value === "string") return value;
  return typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value)) ? String(value) : "";
}

/** Whether something can stand for a user at all; nothing (undefined, null) stands for a user without id or attributes. */
export function isUser(user: unknown): boolean {
  if (user === undefined || user === null) return true;
  return typeof user === "object" ? !Array.isArray(user) : typeof user === "string" || keyText(user) !== "";
}

/**
 * The context of a user: an id becomes `{ targetingKey }`, and `id` stands in for a missing `targetingKey`. Throws only what a getter
 * of the user throws.
 */
export function contextOf(user: User): EvaluationContext {
  const targetingKey = idOf(user);
  return targetingKey === "" ? { ...attributesOf(user) } : { ...attributesOf(user), targetingKey };
}
