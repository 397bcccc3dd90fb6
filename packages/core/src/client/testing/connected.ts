import type { Snapshot } from "../../wire/types.ts";
import { createClientOnPorts, type ClientOptions } from "../client.ts";
import type { FlagClient } from "../types.ts";
import { settle, type FakePlatform } from "./platform.ts";

export const IDENTITY: ClientOptions = {
  url: "http://flags.test",
  sdkKey: "rs_secret",
  sdk: "test/1",
  instanceId: "i-1",
};

/** A client that holds a snapshot, over a live stream. `event`: what the server calls it. */
export async function connectedClient(
  platform: FakePlatform,
  snapshot: Snapshot,
  event: "snapshot" | "unconfirmed" = "snapshot",
): Promise<FlagClient> {
  const client = createClientOnPorts(platform.ports, IDENTITY);
  void client.init();
  await settle();
  platform.stream.open().send(event, snapshot);
  return client;
}
