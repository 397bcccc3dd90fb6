import { TARGETING_KEY } from "../model/defaults.ts";
import { pointerSteps } from "../model/json-pointer.ts";

/** A user's attributes, which belong to the application: reading one can run its code, and throw. */
export type Attributes = { readonly [name: string]: unknown };

/** Attributes of a user who is given by an id alone. */
export const NO_ATTRIBUTES: Attributes = Object.freeze(Object.create(null) as Attributes);

/** Reads one attribute. `id` is the user's targeting key, empty when there is none. */
export type Read = (id: string, attributes: Attributes) => unknown;

/** Where an attribute is to be found. Plain names are told apart because a direct read of one is what most clauses do. */
export type Attribute =
  | { readonly kind: "plain"; readonly name: string }
  | { readonly kind: "other"; readonly read: Read };

/** Resolves an attribute's name once: the id, a JSON pointer, or a top-level field. */
export function compileAttribute(name: string): Attribute {
  if (name === TARGETING_KEY) return { kind: "other", read: (id) => (id === "" ? undefined : id) };
  if (name.startsWith("/")) return { kind: "other", read: compilePointer(name) };
  // Every object inherits these from Object.prototype; only one of the user's own is an attribute.
  if (name in Object.prototype) return { kind: "other", read: (_id, attributes) => ownField(attributes, name) };
  return { kind: "plain", name };
}

/** The attribute's value for a user; undefined when it is missing. */
export function readAttribute(attribute: Attribute, id: string, attributes: Attributes): unknown {
  return attribute.kind === "plain" ? attributes[attribute.name] : attribute.read(id, attributes);
}

function compilePointer(pointer: string): Read {
  const steps = pointerSteps(pointer);
  return (_id, attributes) => {
    let value: unknown = attributes;
    for (const step of steps) value = ownField(value, step);
    return value;
  };
}

function ownField(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Attributes)[name]
    : undefined;
}
