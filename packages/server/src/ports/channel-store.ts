import type { ChangeMeta, EpochMs } from "./store.ts";

/** A channel that was made through the API, as it is stored. */
export interface ChannelRecord {
  readonly name: string;
  readonly type: string;
  /** Its settings, encrypted: the store can't read them, nor can whoever has a copy of it. */
  readonly sealed: string;
  readonly updatedAt: EpochMs;
  readonly updatedBy: string;
}

/** Where channels are kept that were made through the API. The audit is told of every change, and of no setting but the type. */
export interface ChannelStore {
  /** By name. */
  channels(): Promise<readonly ChannelRecord[]>;
  channel(name: string): Promise<ChannelRecord | undefined>;
  /** Makes it, or replaces all of it. `full`: there are `countMax` others already, and nothing was written. */
  saveChannel(
    channel: Pick<ChannelRecord, "name" | "type" | "sealed">,
    countMax: number,
    meta: ChangeMeta,
  ): Promise<"created" | "changed" | "full">;
  /** False: there was none. */
  removeChannel(name: string, meta: ChangeMeta): Promise<boolean>;
}
