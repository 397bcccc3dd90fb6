import { signal } from "@preact/signals";

/** Whether the server said that it knows the session no more, after it did. */
export const isOver = signal(false);
