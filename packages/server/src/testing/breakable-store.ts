import type { Store } from "../ports/store.ts";

/** A store that can be made to fail, or to answer nothing at all. */
export interface BreakableStore {
  readonly wrap: (store: Store) => Store;
  state: "fine" | "gone" | "silent";
}

/** `wrap` puts it between a server and its store. */
export function breakableStore(): BreakableStore {
  let state: BreakableStore["state"] = "fine";
  /** Those who wait for an answer, until there is another state. */
  const waiting = new Set<(error: Error) => void>();
  const gone = (): Error => new Error("gone");
  return {
    get state() {
      return state;
    },
    set state(next) {
      state = next;
      for (const reject of waiting) reject(gone());
      waiting.clear();
    },
    wrap: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== "function" || name === "close")
            return typeof value === "function" ? (value.bind(target) as unknown) : value;
          return (...args: readonly unknown[]): unknown => {
            switch (state) {
              case "fine":
                return value.apply(target, args) as unknown;
              case "gone":
                return Promise.reject(gone());
              case "silent":
                return new Promise((_, reject) => void waiting.add(reject));
            }
          };
        },
      }),
  };
}
