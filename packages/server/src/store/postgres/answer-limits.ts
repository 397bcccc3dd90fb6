/**
 * Nothing came back for so long: the connection leads nowhere, whatever the operating system thinks of it. What stands alone is a look-up by a
 * key; somebody who wants to kill a flag waits for one.
 */
export const ANSWER_MAX_MS = { single: 3_000, snapshot: 10_000, write: 12_000 } as const;
