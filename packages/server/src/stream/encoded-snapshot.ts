import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { formatBasis, murmur3 } from "@rampart/core";
import type { EncodedContent } from "./content.ts";
import { EVENT_END, eventHead } from "./frame.ts";

/** The whole environment, ready to be sent. `etag` is strong. */
export interface EncodedSnapshot {
  readonly etag: string;
  readonly body: Buffer;
  /** `body` as a `snapshot` event. */
  readonly frame: Buffer;
  /** `body` as an `unconfirmed` event, made once for all streams when the first one needs it. */
  readonly unconfirmed: () => Buffer;
  /** `body` compressed, made when first asked for. */
  readonly gzipped: () => Promise<Buffer>;
}

/** Encodes an environment's content. `overruled`: flags that are off before the store says so. */
export function encodedSnapshot(
  content: EncodedContent,
  of: {
    readonly environment: string;
    readonly epoch: string;
    readonly revision: number;
    readonly digest: string;
    readonly overruled: readonly string[];
  },
): EncodedSnapshot {
  const { environment, epoch, revision, digest, overruled } = of;
  const id = formatBasis({ epoch, revision });
  const head = eventHead(id, "snapshot");
  const off = overruled.length === 0 ? {} : { off: overruled };
  const json = Buffer.from(content.snapshotJson({ environment, epoch, revision, digest, ...off }));
  const frame = Buffer.concat([head, json, EVENT_END]);
  const body = frame.subarray(head.length, frame.length - EVENT_END.length);
  let gzipped: Promise<Buffer> | undefined;
  // Who holds the revision already has to be answered with what is above it.
  const above = overruled.length === 0 ? "" : `!${murmur3(overruled.join("\n"), 0).toString(16)}`;
  let unconfirmed: Buffer | undefined;
  return {
    etag: `"${id}${above}"`,
    body,
    frame,
    unconfirmed: () => (unconfirmed ??= Buffer.concat([eventHead(id, "unconfirmed"), body, EVENT_END])),
    gzipped: () => (gzipped ??= gzipAsync(body)),
  };
}

const gzipAsync = promisify<Buffer, Buffer>(gzip);
