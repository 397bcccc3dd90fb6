/** Flags of another product go over with one command, and programs with the SDK get them; the second run has nothing to do. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { createClient } from "@rampart/sdk-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CLI, eventually, freePort, ServerProcess, temporaryFolder } from "./harness.ts";

const run = promisify(execFile);

/** As LaunchDarkly's SDKs are sent it. */
const EXPORT = {
  flags: {
    shop: {
      key: "shop",
      on: true,
      variations: [true, false],
      offVariation: 1,
      fallthrough: { variation: 0 },
      salt: "a",
      version: 3,
    },
    banner: {
      key: "banner",
      on: true,
      variations: ["plain", "loud"],
      offVariation: 0,
      prerequisites: [{ key: "shop", variation: 0 }],
      targets: [{ variation: 0, values: ["ann"] }],
      rules: [
        {
          id: "r1",
          clauses: [{ attribute: "", op: "segmentMatch", values: ["testers"], negate: false }],
          variation: 1,
        },
        { id: "r2", clauses: [{ attribute: "country", op: "in", values: ["de", "at"], negate: true }], variation: 1 },
      ],
      fallthrough: {
        rollout: {
          variations: [
            { variation: 0, weight: 60_000 },
            { variation: 1, weight: 40_000 },
          ],
        },
      },
      salt: "b",
      version: 9,
    },
    fleet: {
      key: "fleet",
      on: true,
      variations: [true, false],
      offVariation: 1,
      rules: [
        {
          id: "r1",
          clauses: [{ contextKind: "device", attribute: "os", op: "in", values: ["linux"], negate: false }],
          variation: 1,
        },
      ],
      fallthrough: { variation: 0 },
      salt: "c",
      version: 1,
    },
  },
  segments: { testers: { key: "testers", included: ["bob"], excluded: [], rules: [], salt: "d", version: 1 } },
};

describe("flags of another product", () => {
  const folder = temporaryFolder();
  const file = join(folder.path, "flags.json");
  let server: ServerProcess;

  async function importFile(
    ...options: readonly string[]
  ): Promise<{ readonly flags: readonly { readonly key: string; readonly step: string }[] }> {
    const env = { ...process.env, RAMPART_URL: server.url, RAMPART_TOKEN: server.tokens().admin };
    const { stdout } = await run(process.execPath, [CLI, "import", file, "--json", ...options], { env });
    return JSON.parse(stdout) as { readonly flags: readonly { readonly key: string; readonly step: string }[] };
  }

  beforeAll(async () => {
    writeFileSync(file, JSON.stringify(EXPORT));
    server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
  });
  afterAll(async () => {
    await server.stop("SIGKILL");
    folder.dispose();
  });

  it("reach connected programs, whole or not at all, and are left alone the second time", async () => {
    const sdk = createClient({ url: server.url, sdkKey: server.tokens().server });
    expect(await sdk.init({ timeoutMs: 10_000 })).toMatchObject({ status: "ready" });
    const { flags } = await importFile("--apply");
    expect(flags.map(({ key, step }) => [key, step])).toEqual([
      ["shop", "create"],
      ["banner", "create"],
      ["fleet", "cannot"],
    ]);
    await eventually(() => sdk.variation("banner", "bob", "none") === "loud", 10_000);
    expect(sdk.isEnabled("shop", "anybody")).toBe(true);
    expect(sdk.variation("banner", { targetingKey: "ann", country: "us" }, "none")).toBe("plain");
    expect(sdk.variation("banner", { targetingKey: "cid", country: "us" }, "none")).toBe("loud");
    const loud = Array.from({ length: 2000 }, (_, n) => sdk.variation("banner", `user-${n}`, "none")).filter(
      (value) => value === "loud",
    );
    // 40 % of 2,000, within six deviations.
    expect(Math.abs(loud.length - 800)).toBeLessThan(132);
    expect(sdk.isEnabled("fleet", "anybody")).toBe(false);
    expect((await importFile("--apply")).flags.map(({ step }) => step)).toEqual(["unchanged", "unchanged", "cannot"]);
    await sdk.close();
  });
});
