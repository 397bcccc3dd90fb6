import type { HttpRequest, HttpResponse, PendingResponse } from "@rampart/core";
import type { Fetch, FetchAnswer } from "./fetch.ts";

/** One exchange with a deadline for all of it and a limit on the answer's size. */
export function request(fetch: Fetch, wanted: HttpRequest): PendingResponse {
  const controller = new AbortController();
  const timeout = new Error(`no whole answer within ${wanted.timeoutMs / 1000} s`);
  const timer = setTimeout(() => controller.abort(timeout), wanted.timeoutMs).unref();
  const response = exchange(fetch, wanted, controller.signal).catch((error: unknown) => {
    // What aborting looks like from inside differs from one fetch to the other; the reason does not.
    throw controller.signal.aborted ? controller.signal.reason : error;
  });
  const end = (): void => {
    clearTimeout(timer);
    controller.abort();
  };
  response.then(end, end);
  return { response, abort: () => controller.abort(new Error("aborted")) };
}

async function exchange(fetch: Fetch, wanted: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const { method, url, headers, body } = wanted;
  const answer = await fetch(url, {
    method,
    headers: { ...headers },
    signal,
    redirect: "manual",
    ...(body === undefined ? {} : { body }),
  });
  const text = await readText(answer, wanted.bodyBytesMax);
  const retryAfter = answer.headers.get("retry-after");
  return { status: answer.status, body: text, ...(retryAfter === null ? {} : { retryAfter }) };
}

async function readText({ body }: FetchAnswer, bytesMax: number): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    bytes += next.value.byteLength;
    if (bytes > bytesMax) {
      await reader.cancel();
      throw new Error(`the answer is longer than ${bytesMax} bytes`);
    }
    text += decoder.decode(next.value, { stream: true });
  }
  return text + decoder.decode();
}
