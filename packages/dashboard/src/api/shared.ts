/**
 * `next`, with every part that says the same as in `before` being that very part. Answers are JSON: of one that comes twice a second most is
 * as it was, and what is the same object needs no drawing.
 */
export function shared<T>(before: unknown, next: T): T {
  return sharedJson(before, next) as T;
}

function sharedJson(before: unknown, next: unknown): unknown {
  if (Object.is(before, next) || !isHolder(before) || !isHolder(next)) return next;
  if (Array.isArray(before) !== Array.isArray(next)) return next;
  const keys = Object.keys(next);
  let isSame = keys.length === Object.keys(before).length;
  for (const key of keys) {
    const part = sharedJson(before[key], next[key]);
    next[key] = part;
    isSame &&= Object.hasOwn(before, key) && Object.is(part, before[key]);
  }
  return isSame ? before : next;
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
