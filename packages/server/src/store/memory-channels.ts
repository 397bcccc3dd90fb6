import type { ChannelRecord, ChannelStore } from "../ports/channel-store.ts";
import type { ChangeMeta, Store } from "../ports/store.ts";
import { channelSubject } from "./rollout-audit.ts";

/** Channels in memory. */
export class MemoryChannels implements ChannelStore {
  readonly #audit: Pick<Store, "appendAudit">;
  readonly #channels = new Map<string, ChannelRecord>();

  constructor(audit: Pick<Store, "appendAudit">) {
    this.#audit = audit;
  }

  async channels(): Promise<readonly ChannelRecord[]> {
    return [...this.#channels.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async channel(name: string): Promise<ChannelRecord | undefined> {
    return this.#channels.get(name);
  }

  async saveChannel(
    ...[channel, countMax, meta]: Parameters<ChannelStore["saveChannel"]>
  ): ReturnType<ChannelStore["saveChannel"]> {
    const before = this.#channels.get(channel.name);
    if (this.#channels.size - (before ? 1 : 0) >= countMax) return "full";
    this.#channels.set(channel.name, { ...channel, updatedAt: meta.at, updatedBy: meta.actor });
    await this.#audit.appendAudit(channelSubject(channel.name, before, channel), meta);
    return before === undefined ? "created" : "changed";
  }

  async removeChannel(name: string, meta: ChangeMeta): Promise<boolean> {
    const before = this.#channels.get(name);
    if (before === undefined) return false;
    this.#channels.delete(name);
    await this.#audit.appendAudit(channelSubject(name, before, undefined), meta);
    return true;
  }
}
