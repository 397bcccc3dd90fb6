/** A way from `key` back to a flag already passed, as `[a, b, a]`; undefined when there is none. */
export function findPrerequisiteCycle(_key: string, _prerequisitesOf: (key: string) => readonly string[]): readonly string[] | undefined { throw new Error("not written yet"); }
