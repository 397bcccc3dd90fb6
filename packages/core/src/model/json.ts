/** Any value that JSON can hold. Objects read from outside are null-prototype, so no key is special. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** A JSON value with names. */
export type JsonObject = { readonly [key: string]: JsonValue };
