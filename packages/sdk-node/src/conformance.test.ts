import type { EvaluationDetails } from "@rampart/core";
import { createClientOnPorts } from "@rampart/core";
import { expect } from "vitest";
import type { ConformanceCase } from "../../core/src/conformance.contract.ts";
import { conformanceSuite } from "../../core/src/conformance.contract.ts";
import type { Fetch } from "./fetch.ts";
import { createNodePorts } from "./ports.ts";
import { frameOf } from "./testing/flag-server.ts";
import { VirtualTime } from "./testing/time.ts";

/** A server that streams this snapshot, then is silent, and takes every report. */
function serving(snapshot: unknown): Fetch {
  const chunks = [Buffer.from(frameOf("snapshot", snapshot))];
  const read = async (): Promise<{ done: false; value: Uint8Array }> => {
    const value = chunks.shift();
    return value === undefined ? new Promise(() => {}) : { done: false, value };
  };
  const answer = {
    status: 200,
    headers: { get: (name: string) => (name.toLowerCase() === "content-type" ? "text/event-stream" : null) },
    body: { getReader: () => ({ read, cancel: async () => {} }) },
  };
  return async (_url, { method }) => (method === "POST" ? { ...answer, status: 204, body: null } : answer);
}

async function evaluate({
  snapshot,
  flag,
  user,
  default: defaultValue,
  silenceMs,
}: ConformanceCase): Promise<EvaluationDetails> {
  const time = new VirtualTime();
  const ports = { ...createNodePorts({ fetch: serving(snapshot) }), ...time.ports };
  const identity = { url: "http://flags.test", sdkKey: "rs_key", sdk: "node/test", instanceId: "i-1" };
  const client = createClientOnPorts(ports, identity);
  expect((await client.init()).status).toBe("ready");
  // Not by `advance`: the watchdog would want another stream, which is not the question here.
  time.nowMs += silenceMs;
  const details = client.evaluate(flag, user, defaultValue);
  expect(client.variation(flag, user, defaultValue)).toEqual(details.value);
  if (typeof defaultValue === "boolean") expect(client.isEnabled(flag, user, defaultValue)).toBe(details.value);
  await client.close();
  return details;
}

conformanceSuite("sdk-node, over its stream,", evaluate);
