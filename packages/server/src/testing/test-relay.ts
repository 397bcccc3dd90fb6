import { onTestFinished } from "vitest";
import { loadRelayConfig, type RelayConfig } from "../main/relay/config.ts";
import { type RunningRelay, startRelay } from "../main/relay/start-relay.ts";
import { type Answer, callServer, type CallOptions, type TestServer } from "./test-server.ts";

/** A relay on a port of its own. */
export interface TestRelay extends RunningRelay {
  /** Every line that was logged. */
  readonly logs: readonly string[];
  call<T = Record<string, unknown>>(line: string, options?: CallOptions): Promise<Answer<T>>;
}

/** Starts a relay behind a server, or behind another relay of it, with a key of production. It is closed with the test. */
export async function startTestRelay(
  origin: Pick<TestServer, "url" | "token">,
  { upstream = origin.url, ...more }: Partial<RelayConfig> = {},
): Promise<TestRelay> {
  const { text: key } = await origin.token("relay", ["production"]);
  const loaded = loadRelayConfig(["--upstream", upstream, "--key", key, "--port", "0", "--name", "edge"], {});
  if (loaded.kind === "invalid") throw new Error(JSON.stringify(loaded.errors));
  const logs: string[] = [];
  const destination = { write: (line: string) => void logs.push(line) };
  const relay = await startRelay({ ...loaded.config, ...more }, { logs: destination });
  onTestFinished(() => relay.close());
  return { ...relay, logs, call: (line, options) => callServer(relay.url, line, options) };
}
