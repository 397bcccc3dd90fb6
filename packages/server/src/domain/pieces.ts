/** Work that can be put down after each of its pieces, none of which takes longer than some milliseconds. */
export type Pieces<T> = Generator<undefined, T>;

/** Does all of it at once: where nobody else waits. */
export function inOneGo<T>(work: Pieces<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** The same for a process that has other things to do: before every piece it waits for `rest`. */
export async function atLeisure<T>(work: Pieces<T>, rest: () => Promise<void>): Promise<T> {
  for (;;) {
    await rest();
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
