import type { IncomingMessage } from "node:http";

/** Version, trace id, parent id and flags. A later version may say more after them. */
const TRACEPARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(?:-|$)/;

/** The trace that a call is part of, by its W3C `traceparent`: 32 hex digits. One that is not well formed is as good as none. */
export function traceIdOf({ headers }: Pick<IncomingMessage, "headers">): string | undefined {
  const { traceparent } = headers;
  return typeof traceparent === "string" ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}
