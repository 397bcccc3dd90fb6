/** A place behind a network that can be cut: a network namespace with a link of its own, or where none can be made, the other side of a TCP proxy. */
import { spawnSync } from "node:child_process";
import { freePort } from "../e2e/harness.ts";
import { ChaosProxy } from "./chaos-proxy.ts";

/** Where clients run whose way to the server can be cut. */
export interface FarSide {
  /** What cuts it, for whoever reads what was shown. */
  readonly kind: "network namespace" | "TCP proxy";
  /** The server as it is reached from there. */
  readonly url: string;
  /** What a program there is started with, before its own name. */
  readonly prefix: readonly string[];
  /** From now on nothing passes either way, and nobody is told. */
  cut(): void;
  mend(): void;
  dispose(): Promise<void>;
}

/** The two ends of the link, in a network of benchmarks (RFC 2544), which nobody else uses. */
const HOST_ADDRESS = "198.18.77.1";
const FAR_ADDRESS = "198.18.77.2";

/** A server that listens on all addresses at `port`, seen from afar. */
export async function farSideOf(port: number): Promise<FarSide> {
  const name = `rampart-${await freePort()}`;
  const made = makeNamespace(name, port);
  if (made.kind === "made") return made.side;
  console.log(`no network namespaces here (${made.reason}): a TCP proxy cuts in their place`);
  const proxy = await ChaosProxy.start(port);
  return {
    kind: "TCP proxy",
    url: proxy.url,
    prefix: [],
    cut: () => void (proxy.weather = { kind: "blackHole" }),
    mend: () => void (proxy.weather = { kind: "pass" }),
    dispose: () => proxy.close(),
  };
}

type Made =
  | { readonly kind: "made"; readonly side: FarSide }
  | { readonly kind: "impossible"; readonly reason: string };

function makeNamespace(name: string, port: number): Made {
  // Names of links have 15 characters at most.
  const [host, far] = [`rh${name.slice(-5)}`, `rf${name.slice(-5)}`];
  const dispose = (): void => {
    ip("link", "del", host);
    ip("netns", "del", name);
  };
  for (const args of [
    ["netns", "add", name],
    ["link", "add", host, "type", "veth", "peer", "name", far],
    ["link", "set", far, "netns", name],
    ["addr", "add", `${HOST_ADDRESS}/30`, "dev", host],
    ["link", "set", host, "up"],
    ["-n", name, "addr", "add", `${FAR_ADDRESS}/30`, "dev", far],
    ["-n", name, "link", "set", far, "up"],
    ["-n", name, "link", "set", "lo", "up"],
  ]) {
    const reason = ip(...args);
    if (reason === undefined) continue;
    dispose();
    return { kind: "impossible", reason: `ip ${args.join(" ")}: ${reason}` };
  }
  const prefix = ["ip", "netns", "exec", name];
  const url = `http://${HOST_ADDRESS}:${port}`;
  if (!isReachable(url, prefix)) {
    dispose();
    return { kind: "impossible", reason: "what is in one reaches nothing outside" };
  }
  return {
    kind: "made",
    side: {
      kind: "network namespace",
      url,
      prefix,
      cut: () => void ip("link", "set", host, "down"),
      mend: () => void ip("link", "set", host, "up"),
      dispose: () => Promise.resolve(dispose()),
    },
  };
}

function isReachable(url: string, [first = "", ...line]: readonly string[]): boolean {
  const ask = `fetch("${url}/health", { signal: AbortSignal.timeout(5000) }).then(({ ok }) => process.exit(ok ? 0 : 1))`;
  return spawnSync(first, [...line, process.execPath, "--eval", ask], { stdio: "ignore" }).status === 0;
}

/** Undefined: it was done; else why not. */
function ip(...args: readonly string[]): string | undefined {
  const { status, stderr, error } = spawnSync("ip", args, { encoding: "utf8" });
  return status === 0 ? undefined : (stderr || error?.message || "it failed").trim();
}
