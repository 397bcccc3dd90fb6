import { BASIS_HEADER, INSTANCE_HEADER, SDK_HEADER } from "../wire/types.ts";
import type { Acknowledgement } from "../wire/types.ts";
import type { HttpHeaders, HttpRequest, StreamRequest } from "./ports.ts";
import type { EventsBody } from "./reporter.ts";

/** The largest snapshot that is read by polling. Some 100,000 flags. */
export const SNAPSHOT_BYTES_MAX = 32 * 1024 * 1024;

/** Answers to what is posted are read up to this size, and not looked at. */
const ANSWER_BYTES_MAX = 64 * 1024;

/** Below the interval of polling, so that one poll ends before the next is due. */
export const POLL_TIMEOUT_MS = 8_000;
const POST_TIMEOUT_MS = 5_000;

/** What a session asks of its server. */
export interface SessionRequests {
  /** `basis`: what to resume from; undefined asks for a snapshot. */
  stream(basis: string | undefined): StreamRequest;
  /** `held`: said to the server. `basis`: as with `stream`. */
  poll(held: string | undefined, basis: string | undefined): HttpRequest;
  acknowledge(receipt: Acknowledgement): HttpRequest;
}

/** Who the client is, and to whom it speaks. */
export interface Identity {
  readonly url: string;
  readonly sdkKey: string;
  /** `node/0.1.0`. */
  readonly sdk: string;
  /** Random, for the life of the client. */
  readonly instanceId: string;
}

/** What is wrong with a client's url or key; undefined: nothing. The key itself is never shown. */
export function identityProblem({ url, sdkKey }: Pick<Identity, "url" | "sdkKey">): string | undefined {
  if (!/^https?:\/\/[^\s/]+\S*$/i.test(url))
    return `url: ${JSON.stringify(url)} is no http(s) address; give one like "https://flags.example.com"`;
  if (typeof sdkKey !== "string" || !/^[\x21-\x7e]+$/.test(sdkKey)) {
    return "sdkKey: it is empty or holds spaces or control characters; give the server key of one environment";
  }
  return undefined;
}

/** The requests of a server SDK. */
export class Requests implements SessionRequests {
  readonly #url: string;
  readonly #headers: HttpHeaders;

  constructor({ url, sdkKey, sdk, instanceId }: Identity) {
    this.#url = url;
    this.#headers = { authorization: `Bearer ${sdkKey}`, [SDK_HEADER]: sdk, [INSTANCE_HEADER]: instanceId };
  }

  stream(basis: string | undefined): StreamRequest {
    const query = basis === undefined ? "" : `?basis=${encodeURIComponent(basis)}`;
    return { url: this.#at(`stream${query}`), headers: this.#headers };
  }

  poll(held: string | undefined, basis: string | undefined): HttpRequest {
    const conditions: HttpHeaders = {
      ...(held === undefined ? {} : { [BASIS_HEADER]: held }),
      ...(basis === undefined ? {} : { "if-none-match": `"${basis}"` }),
    };
    return {
      method: "GET",
      url: this.#at("flags"),
      headers: { ...this.#headers, accept: "application/json", ...conditions },
      timeoutMs: POLL_TIMEOUT_MS,
      bodyBytesMax: SNAPSHOT_BYTES_MAX,
    };
  }

  acknowledge(receipt: Acknowledgement): HttpRequest {
    return this.#post("ack", receipt);
  }

  report(body: EventsBody): HttpRequest {
    return this.#post("events", body);
  }

  #post(path: string, body: object): HttpRequest {
    return {
      method: "POST",
      url: this.#at(path),
      headers: { ...this.#headers, "content-type": "application/json" },
      body: JSON.stringify(body),
      timeoutMs: POST_TIMEOUT_MS,
      bodyBytesMax: ANSWER_BYTES_MAX,
    };
  }

  #at(path: string): string {
    return `${this.#url.replace(/\/+$/, "")}/sdk/v1/${path}`;
  }
}
