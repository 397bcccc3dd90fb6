/** Objects that are used as maps: a metric may be called `constructor`. */
export interface Dictionary<T> {
  readonly [key: string]: T;
}

/** The entry that was put there under `key`, never something inherited. */
export function own<T>(map: Dictionary<T>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The same map without some keys. */
export function without<T>(map: Dictionary<T>, keys: readonly string[]): Dictionary<T> {
  return Object.fromEntries(Object.entries(map).filter(([key]) => !keys.includes(key)));
}
