import type { ClientEvents } from "./types.ts";

type Listener<E extends keyof ClientEvents> = (payload: ClientEvents[E]) => void;
type Listeners = { readonly [E in keyof ClientEvents]: Set<Listener<E>> };

/** Tells listeners; one that throws harms neither the client nor the others. */
export class Emitter {
  readonly #listeners: Listeners = { ready: new Set(), change: new Set(), stale: new Set(), error: new Set() };

  /** Returns the unsubscribe function. A function that listens already is not added twice. */
  on<E extends keyof ClientEvents>(event: E, listener: Listener<E>): () => void {
    const listeners = this.#listeners[event];
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<E extends keyof ClientEvents>(event: E, payload: ClientEvents[E]): void {
    for (const listener of this.#listeners[event]) {
      try {
        listener(payload);
      } catch (error) {
        // An error listener that throws has nobody left to tell.
        if (event !== "error")
          this.emit("error", { code: "LISTENER_THREW", message: `on "${event}": ${String(error)}` });
      }
    }
  }
}
