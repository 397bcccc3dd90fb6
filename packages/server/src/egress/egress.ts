import { lookup } from "node:dns/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Egress, EgressDoor, EgressRequest, EgressResult } from "../ports/egress.ts";
import {
  judgeAddresses,
  judgeMailUrl,
  judgeUrl,
  literalAddress,
  type Destination,
  type EgressPolicy,
} from "./policy.ts";
import { networkReason } from "./network-reason.ts";

type Refused = Extract<EgressResult, { readonly kind: "refused" }>;

/** Where calls may go, and what they are made with. */
export interface EgressOptions {
  readonly policy: EgressPolicy;
  /** Monotonic, milliseconds. */
  readonly nowMs: () => number;
  /** All addresses of a name. The system's resolver unless a test says otherwise. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
}

/**
 * The server's way out. The address that was judged is the address that is connected to: the name is looked up once, here, and the
 * socket is pinned to the answer, so that a second answer can't lead it elsewhere.
 */
export function createEgress(options: EgressOptions): Egress & EgressDoor {
  const resolve = options.resolve ?? resolveWithSystem;
  return {
    async send(request) {
      const destination = judgeUrl(request.url, options.policy);
      if (!destination.ok) return refused(destination);
      const startedMs = options.nowMs();
      const signal = AbortSignal.timeout(request.timeoutMs);
      try {
        const addresses = await withSignal(addressesOf(destination.value, resolve), signal);
        const address = judgeAddresses(destination.value, addresses, options.policy);
        if (!address.ok) return refused(address);
        const answer = await exchange(request, destination.value, address.value, signal);
        return { kind: "answer", ...answer, durationMs: options.nowMs() - startedMs };
      } catch (error) {
        return failed(error, request, signal);
      }
    },
    async admitMail(url, timeoutMs) {
      const destination = judgeMailUrl(url, options.policy);
      if (!destination.ok) return refused(destination);
      const { host, port } = destination.value;
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const addresses = await withSignal(addressesOf(destination.value, resolve), signal);
        const address = judgeAddresses(destination.value, addresses, options.policy);
        return address.ok ? { kind: "admitted", host, port, address: address.value } : refused(address);
      } catch (error) {
        return { kind: "failed", reason: signal.aborted ? `no address within ${timeoutMs} ms` : networkReason(error) };
      }
    },
  };
}

function refused(judged: { readonly reason: string; readonly hint: string }): Refused {
  return { kind: "refused", reason: judged.reason, hint: judged.hint };
}

function failed(error: unknown, request: EgressRequest, signal: AbortSignal): EgressResult {
  if (error instanceof TooLarge)
    return { kind: "failed", cause: "tooLarge", reason: `the answer is larger than ${request.bodyBytesMax} bytes` };
  if (signal.aborted)
    return { kind: "failed", cause: "timeout", reason: `no whole answer within ${request.timeoutMs} ms` };
  return { kind: "failed", cause: "network", reason: networkReason(error) };
}

class TooLarge extends Error {}

async function resolveWithSystem(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true, verbatim: true })).map((entry) => entry.address);
}

async function addressesOf(
  destination: Destination,
  resolve: (host: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const literal = literalAddress(destination);
  return literal === undefined ? resolve(destination.host) : [literal];
}

function withSignal<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(new Error("timed out"));
    signal.addEventListener("abort", abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

function exchange(
  request: EgressRequest,
  destination: Destination,
  address: string,
  signal: AbortSignal,
): Promise<Answer> {
  const send = destination.url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = send(
      destination.url,
      {
        method: request.method,
        headers: { "accept-encoding": "identity", "user-agent": "rampart", ...request.headers },
        lookup: pinTo(address),
        // A pooled socket was pinned by an earlier judgement.
        agent: false,
        signal,
      },
      (response) => {
        readBody(response, request.bodyBytesMax).then(
          (body) => resolve({ status: response.statusCode ?? 0, headers: flatHeaders(response), body }),
          (error: unknown) => {
            outgoing.destroy();
            reject(error);
          },
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(request.body);
  });
}

function pinTo(address: string): LookupFunction {
  return (_host, options, callback) => {
    const family = isIP(address);
    if (options.all) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

async function readBody(response: IncomingMessage, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new TooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function flatHeaders(response: IncomingMessage): { readonly [name: string]: string } {
  const entries = Object.entries(response.headers).map(
    ([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")] as const,
  );
  return Object.fromEntries(entries);
}
