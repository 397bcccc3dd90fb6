/** Thrown by what is around a decision, when it was not read yet. */
class Wanted extends Error {
  readonly read: () => Promise<void>;

  constructor(read: () => Promise<void>) {
    super("to be read first");
    this.read = read;
  }
}

/** Something that a decision may ask for. */
export interface Readable {
  get<T>(name: string, read: () => Promise<T>): T;
}

/**
 * Makes a decision that asks for things as if they were at hand: those that it asks for are read, and it is made anew. Most ask for nothing,
 * and a kill must not wait for what it does not need.
 */
export async function decideReading<T>(decide: (readable: Readable) => T): Promise<T> {
  const known = new Map<string, unknown>();
  const readable: Readable = {
    get<V>(name: string, read: () => Promise<V>): V {
      if (known.has(name)) return known.get(name) as V;
      throw new Wanted(async () => void known.set(name, await read()));
    },
  };
  for (;;) {
    try {
      return decide(readable);
    } catch (error) {
      if (!(error instanceof Wanted)) throw error;
      await error.read();
    }
  }
}
