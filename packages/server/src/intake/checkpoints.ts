import { promisify } from "node:util";
import { deflateRaw, inflateRaw } from "node:zlib";
import { decodeSeries, encodeSeries, type Series } from "../domain/intake/series.ts";
import type { CheckpointStore } from "../ports/checkpoint-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";
import type { Measured } from "../ports/unit-intake.ts";
import { measuredOf } from "./key.ts";

/** Between two checkpoints of a series: what a crash costs a comparison at most. */
export const CHECKPOINT_EVERY_MS = 10_000;

/** A series before compression: every unit with the largest counts, and every client that is remembered. */
const SERIES_BYTES_MAX = 8 * 1024 * 1024;

const PREFIX = "units:";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

/** What checkpoints are written with. */
export interface CheckpointsParts {
  readonly checkpoints: CheckpointStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A series as it was stored. */
interface Loaded {
  readonly measured: Measured;
  readonly held: Series;
}

/** Stores series, each as it was at one moment, compressed off the main thread, one after the other. Never rejects: a comparison can do without. */
export class Checkpoints {
  readonly #parts: CheckpointsParts;
  readonly #savedMs = new Map<string, number>();
  readonly #waiting = new Set<string>();
  #work: Promise<void> = Promise.resolve();

  constructor(parts: CheckpointsParts) {
    this.#parts = parts;
  }

  async load(): Promise<readonly Loaded[]> {
    const rows = await this.#parts.checkpoints.checkpoints();
    const all = await Promise.all(
      rows
        .filter(({ key }) => key.startsWith(PREFIX))
        .map(async ({ key, body }) => {
          const loaded = await unpack(key, body);
          if (loaded === undefined)
            this.#parts.logger.warn({ key }, "a checkpoint can't be read: its comparison begins anew");
          return loaded ?? [];
        }),
    );
    return all.flat();
  }

  /** Unless it was saved a moment ago. `fence`: see `CheckpointStore`. */
  saveIfDue(key: string, held: Series, fence?: number): void {
    const savedMs = this.#savedMs.get(key) ?? -Infinity;
    // While the store is held up, one that waits is enough.
    if (this.#waiting.has(key) || this.#parts.clock.monotonicMs() - savedMs < CHECKPOINT_EVERY_MS) return;
    this.save(key, held, fence);
  }

  /** What is saved is the series as it is now. */
  save(key: string, held: Series, fence?: number): void {
    this.#savedMs.set(key, this.#parts.clock.monotonicMs());
    const bytes = encodeSeries(held);
    const savedAt = this.#parts.clock.now();
    this.#waiting.add(key);
    this.#then(async () => {
      this.#waiting.delete(key);
      const body = await deflate(bytes);
      await this.#parts.checkpoints.saveCheckpoint({ key: PREFIX + key, body, savedAt }, fence);
    });
  }

  drop(key: string): void {
    this.#savedMs.delete(key);
    this.#then(() => this.#parts.checkpoints.dropCheckpoints([PREFIX + key]));
  }

  /** Resolves when all that was begun is stored. */
  settled(): Promise<void> {
    return this.#work;
  }

  #then(act: () => Promise<void>): void {
    this.#work = this.#work.then(act).catch((error: unknown) => {
      this.#parts.logger.warn({ err: error }, "a checkpoint of a comparison can't be stored");
    });
  }
}

async function unpack(key: string, body: Uint8Array): Promise<Loaded | undefined> {
  try {
    const held = decodeSeries(await inflate(body, { maxOutputLength: SERIES_BYTES_MAX }));
    return held && { measured: measuredOf(key.slice(PREFIX.length)), held };
  } catch {
    return undefined;
  }
}
