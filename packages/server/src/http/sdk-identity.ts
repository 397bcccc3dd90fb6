import type { IncomingMessage } from "node:http";
import { INSTANCE_HEADER, SDK_HEADER } from "@rampart/core";
import type { ClientIdentity } from "../stream/clients.ts";

/** Ids and names that clients give themselves: shown to people, kept in memory. */
const NAME = /^[\w.:/@+-]{1,64}$/;

/** Who a client says it is; undefined when it doesn't say, or says something that is no name. */
export function namedIdentity({ headers }: IncomingMessage, address: string): ClientIdentity | undefined {
  const { [INSTANCE_HEADER]: instanceId, [SDK_HEADER]: sdk } = headers;
  if (typeof instanceId !== "string" || !NAME.test(instanceId)) return undefined;
  return { instanceId, sdk: typeof sdk === "string" && NAME.test(sdk) ? sdk : "unknown", address };
}

/** A client without a name (curl) is known by its connection, as long as it lasts. */
export function anonymousIdentity({ socket }: IncomingMessage, address: string): ClientIdentity {
  return { instanceId: `anonymous-${socket.remotePort ?? 0}`, sdk: "unknown", address };
}
