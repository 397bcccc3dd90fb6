import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RolloutView } from "@rampart/core";
import { api, eventually, freePort, planForAll, SdkFleet, ServerProcess, temporaryFolder } from "./harness.ts";

const CLIENTS = 20;
const LEASES = { usual: undefined, longer: "40s", none: "off" } as const;
type Flag = keyof typeof LEASES;
const FLAGS = Object.keys(LEASES) as readonly Flag[];

describe("sixty SDK clients under rollouts with leases of 25 s, 40 s and none", () => {
  const folder = temporaryFolder();
  const fleets = new Map<Flag, SdkFleet>();
  let server: ServerProcess;

  /** How many clients of a flag are on. */
  const on = async (flag: Flag) => ((await fleets.get(flag)?.reports()) ?? []).filter((client) => client.on > 0).length;
  const areAll = async (count: number) => (await Promise.all(FLAGS.map(on))).every((clients) => clients === count);
  /** The least that were on at any look, until `done`. */
  const leastUntil = async (done: () => boolean | Promise<boolean>, timeoutMs: number) => {
    const least: Record<Flag, number> = { usual: CLIENTS, longer: CLIENTS, none: CLIENTS };
    await eventually(async () => {
      for (const flag of FLAGS) least[flag] = Math.min(least[flag], await on(flag));
      return done();
    }, timeoutMs);
    return least;
  };

  beforeAll(async () => {
    server = new ServerProcess({ port: await freePort(), dataDir: folder.path });
    await server.start();
    for (const flag of FLAGS) {
      await api(server, "POST", "/api/v1/flags", { key: flag });
      const { status } = await api<RolloutView>(server, "POST", "/api/v1/rollouts", {
        plan: planForAll(flag, LEASES[flag]),
      });
      expect(status).toBe(201);
      const options = { url: server.url, sdkKey: server.tokens().server, flag, processes: 1, clients: CLIENTS };
      fleets.set(flag, new SdkFleet(options));
    }
    await Promise.all([...fleets.values()].map((fleet) => fleet.ready()));
    await eventually(() => areAll(CLIENTS), 10_000);
  });

  afterAll(async () => {
    await Promise.all([...fleets.values()].map((fleet) => fleet.close()));
    await server?.stop("SIGTERM");
    folder.dispose();
  });

  it("flap not once when the server is killed and away for five seconds", { timeout: 90_000 }, async () => {
    await server.stop("SIGKILL");
    const goneAt = performance.now();
    const whileGone = await leastUntil(() => performance.now() - goneAt >= 5_000, 10_000);
    await server.start();
    const states = async () =>
      (await Promise.all([...fleets.values()].map((fleet) => fleet.reports()))).flat().map(({ state }) => state);
    const afterwards = await leastUntil(async () => (await states()).every((state) => state === "ready"), 40_000);
    const whole = { usual: CLIENTS, longer: CLIENTS, none: CLIENTS };
    expect(whileGone).toEqual(whole);
    expect(afterwards).toEqual(whole);
  });

  it("are off when their lease is over and no sooner, and on again with the server", { timeout: 150_000 }, async () => {
    const goneAt = performance.now();
    await server.stop("SIGKILL");
    const offAfterMs = async (flag: Flag) => {
      await eventually(async () => (await on(flag)) === 0, 60_000);
      return performance.now() - goneAt;
    };
    const usualMs = await offAfterMs("usual");
    expect(await on("longer")).toBe(CLIENTS);
    const longerMs = await offAfterMs("longer");
    // The last contact was at most one heartbeat before.
    expect(usualMs).toBeGreaterThan(19_000);
    expect(usualMs).toBeLessThan(27_000);
    expect(longerMs).toBeGreaterThan(34_000);
    expect(longerMs).toBeLessThan(42_000);
    expect(await on("none")).toBe(CLIENTS);
    await server.start();
    await eventually(() => areAll(CLIENTS), 60_000);
  });
});
