import { readFileSync } from "node:fs";
import os from "node:os";

function osName() {
  try {
    return /^PRETTY_NAME="?(.*?)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? os.type();
  } catch {
    return os.type();
  }
}

/** What the figures were taken on. `load` is the one-minute load average before the run: well above 0 means a busy machine, and worse absolute figures. */
export function describeMachine() {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? "unknown",
    cores: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    // The release without what a distributor or a host appends to it.
    os: `${osName()}, ${os.type()} ${os.release().split("-")[0]} ${os.arch()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    load: Math.round((os.loadavg()[0] ?? 0) * 10) / 10,
  };
}
