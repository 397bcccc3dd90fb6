import { signal } from "@preact/signals";

/** Whether the server said that it knows the session no more, after it did. */
export const isOver = signal(false);

let begun = 0;

/** Begins a session of this page: the one before may have been over. */
export function beginSession(): void {
  begun += 1;
  isOver.value = false;
}

/** Returns what a call tells when it was refused for want of a session: nothing where another one has begun since it was sent. */
export function watchSession(): () => void {
  const mine = begun;
  return () => {
    if (mine === begun) isOver.value = true;
  };
}
