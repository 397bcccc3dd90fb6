import { INSTANCE_HEADER, SDK_HEADER } from "@rampart/core";
import { SDK_VERSION } from "./version.ts";

/** What is only said is not waited for longer. */
const POST_TIMEOUT_MS = 5_000;

/** Who asks. */
export interface Identity {
  readonly url: string;
  readonly clientKey: string;
  /** Random, for the life of the client. */
  readonly instanceId: string;
}

/** Sends one call to the server. Rejects when there is no answer. */
export type Send = (
  path: "stream" | "evaluate" | "ack" | "events",
  body: object,
  signal?: AbortSignal,
) => Promise<Response>;

/** The address of a call. */
export function addressOf(url: string, path: string): string {
  return `${url.replace(/\/$/, "")}/client/v1/${path}`;
}

/** `fetch`, also for the stream: `EventSource` can't send headers, and a key in a URL ends up in logs. */
export function createSender({ url, clientKey, instanceId }: Identity): Send {
  return (path, body, signal = AbortSignal.timeout(POST_TIMEOUT_MS)) =>
    fetch(addressOf(url, path), {
      method: "POST",
      // The page's cookies are none of the server's business, and a redirect would give the key to somebody else.
      credentials: "omit",
      redirect: "error",
      headers: {
        authorization: `Bearer ${clientKey}`,
        "content-type": "application/json",
        [SDK_HEADER]: `browser/${SDK_VERSION}`,
        [INSTANCE_HEADER]: instanceId,
      },
      body: JSON.stringify(body),
      signal,
    });
}
