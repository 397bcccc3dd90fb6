import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { mintToken } from "../../domain/tokens.ts";
import { describeRelaySettings, loadRelayConfig } from "./config.ts";

const keyOf = (kind: "relay" | "server", environment: string): string =>
  mintToken({ kind, environment, random: (sizeBytes) => randomBytes(sizeBytes) }).text;

describe("the settings of a relay", () => {
  it("come from flags and variables", () => {
    const keys = [keyOf("relay", "production"), keyOf("relay", "staging")];
    const env = {
      RAMPART_RELAY_UPSTREAM: "https://flags.example",
      RAMPART_RELAY_KEYS: keys.join(","),
      RAMPART_PORT: "9",
    };
    const loaded = loadRelayConfig(["--name", "edge-1"], env);
    expect(loaded).toMatchObject({
      kind: "config",
      config: { upstream: "https://flags.example", keys, name: "edge-1", port: 9, host: "127.0.0.1" },
    });
  });

  it("are all checked at once, and no key is repeated", () => {
    const key = keyOf("server", "production");
    const loaded = loadRelayConfig(["--upstream", "flags", "--key", key, "--name", "a b", "--port", "x"], {});
    expect(loaded).toMatchObject({
      kind: "invalid",
      errors: [{ where: "--upstream" }, { where: "--key" }, { where: "--name" }, { where: "--port" }],
    });
    expect(JSON.stringify(loaded)).toContain("a relay needs one of the kind relay");
    expect(JSON.stringify(loaded)).not.toContain(key.slice(20));
  });

  it("say how to make a key where there is none", () => {
    expect(JSON.stringify(loadRelayConfig([], {}))).toContain("rampart tokens create NAME --kind relay");
  });

  it("are described for people", () => {
    expect(describeRelaySettings()).toContainEqual(
      expect.objectContaining({ flag: "--key", variable: "RAMPART_RELAY_KEYS" }),
    );
  });
});
