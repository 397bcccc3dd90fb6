import { LOG_CHANNEL } from "../domain/notify/route.ts";
import type { ChannelRecord, ChannelStore } from "../ports/channel-store.ts";
import type { Channel, SavedChannel } from "../ports/channels.ts";
import type { Sealer } from "../ports/sealer.ts";
import type { ChangeMeta } from "../ports/store.ts";
import { CHANNELS_MAX, readChannel, type ChannelSettings } from "./channels-file.ts";

/** A channel with what is needed to reach it, or why it can't be reached. */
export interface BookedChannel extends Pick<Channel, "name" | "type" | "source"> {
  /** Changes with every save: what was found out about an older one says nothing of this one. */
  readonly revision: number;
  readonly settings: ChannelSettings | { readonly unusable: string };
}

/** What channels are looked up with. */
export interface ChannelBookParts {
  /** Those of the channels file. They win over stored ones of the same name. */
  readonly file: ReadonlyMap<string, ChannelSettings>;
  readonly store: ChannelStore;
  readonly sealer: Sealer;
  /** What `${VARS}` in the settings of stored channels stand for, whenever they are used: those that plans may use. */
  readonly variables: (name: string) => string | undefined;
}

/**
 * All channels: those of the file, and those that were made through the API. The latter are looked up each time, so that a change counts
 * from the next message on, whichever server made it.
 */
export class ChannelBook {
  readonly #parts: ChannelBookParts;

  constructor(parts: ChannelBookParts) {
    this.#parts = parts;
  }

  async find(name: string): Promise<BookedChannel | undefined> {
    const settings = this.#parts.file.get(name);
    if (settings !== undefined) return ofFile(name, settings);
    const stored = await this.#parts.store.channel(name);
    return stored === undefined ? undefined : this.#opened(stored);
  }

  async all(): Promise<readonly BookedChannel[]> {
    const { file, store } = this.#parts;
    const stored = await store.channels();
    return [
      ...[...file].map(([name, settings]) => ofFile(name, settings)),
      ...stored.filter(({ name }) => !file.has(name)).map((one) => this.#opened(one)),
    ];
  }

  async save(
    name: string,
    settings: unknown,
    meta: ChangeMeta,
  ): Promise<{ readonly kind: "created" | "changed" } | Exclude<SavedChannel, { readonly channel: Channel }>> {
    if (this.#isFixed(name)) return { kind: "fixed" };
    const read = readChannel(name, settings, this.#parts.variables);
    if (!read.ok) return { kind: "invalid", problems: read.problems };
    const sealed = this.#parts.sealer.seal(name, JSON.stringify(settings));
    const { type } = read.settings;
    const kind = await this.#parts.store.saveChannel({ name, type, sealed }, CHANNELS_MAX, meta);
    return kind === "full" ? { kind, countMax: CHANNELS_MAX } : { kind };
  }

  async remove(name: string, meta: ChangeMeta): Promise<"removed" | "missing" | "fixed"> {
    if (this.#isFixed(name)) return "fixed";
    return (await this.#parts.store.removeChannel(name, meta)) ? "removed" : "missing";
  }

  #isFixed(name: string): boolean {
    return name === LOG_CHANNEL || this.#parts.file.has(name);
  }

  #opened({ name, type, sealed, updatedAt }: ChannelRecord): BookedChannel {
    const booked = { name, type: type as Channel["type"], source: "api", revision: updatedAt } as const;
    const text = this.#parts.sealer.open(name, sealed);
    if (text === undefined)
      return { ...booked, settings: { unusable: "its settings were sealed with the key of another data folder" } };
    const read = readChannel(name, JSON.parse(text), this.#parts.variables);
    if (read.ok) return { ...booked, settings: read.settings };
    const why = read.problems.map(({ where, detail }) => `${where} ${detail}`).join("; ");
    return { ...booked, settings: { unusable: why } };
  }
}

const ofFile = (name: string, settings: ChannelSettings): BookedChannel => ({
  name,
  type: settings.type,
  source: "file",
  revision: 0,
  settings,
});
