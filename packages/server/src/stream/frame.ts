const LINE_BREAK = /[\r\n\0]/;

/** One event of a stream. Line breaks in `id` or `event` are a bug and throw. */
export interface ServerSentEvent {
  /** Becomes the client's `lastEventId`. */
  readonly id?: string;
  readonly event: string;
  /** JSON text on one line, as `JSON.stringify` writes it. */
  readonly json: string;
}

/**
 * One server-sent event as the bytes that every stream gets. A line break in `id` or `event` would let data pose as
 * another event, so it throws: both are ours, never a caller's.
 */
export function encodeEvent({ id, event, json }: ServerSentEvent): Buffer {
  return Buffer.concat([eventHead(id, event), Buffer.from(json), EVENT_END]);
}

/** What precedes the data of an event; `encodeEvent` = head + JSON + `EVENT_END`. */
export function eventHead(id: string | undefined, event: string): Buffer {
  if (LINE_BREAK.test(event) || (id !== undefined && LINE_BREAK.test(id))) {
    throw new RangeError(`a server-sent event's id and name can't hold line breaks: ${JSON.stringify({ id, event })}`);
  }
  return Buffer.from(`${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: `);
}

/** What ends an event on the wire. */
export const EVENT_END: Buffer = Buffer.from("\n\n");

/** Instead of a heartbeat where it is not known what is stored now: the connection works, and that is all. */
export const UNCONFIRMED: Buffer = encodeEvent({ event: "unconfirmed", json: "null" });
