import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CreatedToken, RampView, ReceiptsView, RolloutView } from "@rampart/core";
import { api, eventually, freePort, SdkFleet, ServerProcess, temporaryFolder } from "./harness.ts";

const FLAG = "checkout";
const ENVIRONMENT = "/api/v1/environments/production";

/** At each of the two relays. */
const CLIENTS = 20;

/** What is promised wherever a tree is cut: three seconds until a relay knows, the lease, and two seconds on the way. */
const OFF_WITHIN_MS = 30_000;

/** Looking takes time on a machine that does other things too. */
const LOOKED_LATE_MS = 1_000;

const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: ${FLAG} }
spec:
  flag: ${FLAG}
  environment: production
  interval: 1s
  stages: [ { name: all, percentage: 100, duration: 1h, timeout: 2h } ]
`;

describe(
  "clients behind one relay and behind two, under a rollout with its lease of 25 s",
  { timeout: 110_000 },
  () => {
    const folder = temporaryFolder();
    const fleets: SdkFleet[] = [];
    let origin: ServerProcess;
    let outer: ServerProcess;
    let inner: ServerProcess;

    const relay = async (name: string, upstream: ServerProcess): Promise<ServerProcess> => {
      const asked = { kind: "relay", name, environments: ["production"] };
      const key = (await api<CreatedToken>(origin, "POST", "/api/v1/tokens", asked)).body.token;
      const program = ["relay", "--upstream", upstream.url, "--key", key, "--name", name];
      const made = new ServerProcess({ port: await freePort(), dataDir: folder.path, program });
      await made.start();
      return made;
    };
    const areOn = async (count: number): Promise<boolean> => {
      const reports = (await Promise.all(fleets.map((fleet) => fleet.reports()))).flat();
      return reports.filter(({ on }) => on > 0).length === count;
    };
    const untilAllAreOff = async (): Promise<number> => {
      const cutAt = performance.now();
      await eventually(() => areOn(0), OFF_WITHIN_MS + LOOKED_LATE_MS);
      return performance.now() - cutAt;
    };

    beforeAll(async () => {
      origin = new ServerProcess({ port: await freePort(), dataDir: folder.path });
      await origin.start();
      await api(origin, "POST", "/api/v1/flags", { key: FLAG });
      expect((await api<RolloutView>(origin, "POST", "/api/v1/rollouts", { plan: PLAN })).status).toBe(201);
      outer = await relay("outer", origin);
      inner = await relay("inner", outer);
      for (const { url } of [outer, inner])
        fleets.push(new SdkFleet({ url, sdkKey: origin.tokens().server, flag: FLAG, processes: 1, clients: CLIENTS }));
      await Promise.all(fleets.map((fleet) => fleet.ready()));
      await eventually(() => areOn(2 * CLIENTS), 10_000);
    });

    afterAll(async () => {
      await Promise.all(fleets.map((fleet) => fleet.close()));
      for (const one of [inner, outer, origin]) await one?.stop("SIGTERM");
      folder.dispose();
    });

    it("are off within 30 s when the server at the root falls silent, and on again with it", async () => {
      origin.signal("SIGSTOP");
      const tookMs = await untilAllAreOff().finally(() => origin.signal("SIGCONT"));
      // Nobody is off before a lease is over that was renewed a heartbeat ago at the latest.
      expect(tookMs).toBeGreaterThan(19_000);
      await eventually(() => areOn(2 * CLIENTS), 60_000);
    });

    it("are off within 30 s of a kill that the relay between them did not live to hear of, and none of them is proven", async () => {
      await outer.stop("SIGKILL");
      const { revision } = (await api<RampView>(origin, "POST", `${ENVIRONMENT}/flags/${FLAG}/kill`)).body;
      await untilAllAreOff();
      const receipts = async (): Promise<ReceiptsView> =>
        (await api<ReceiptsView>(origin, "GET", `${ENVIRONMENT}/receipts/${revision}`)).body;
      await eventually(async () => (await receipts()).verdict !== "open", 20_000);
      const { verdict, expected, acknowledged, stragglers } = await receipts();
      expect({ verdict, expected, acknowledged }).toEqual({
        verdict: "bounded",
        expected: 2 * CLIENTS,
        acknowledged: 0,
      });
      expect(new Set(stragglers.map((one) => one.relay))).toEqual(new Set(["outer", "outer/inner"]));
      expect(stragglers).toHaveLength(2 * CLIENTS);
    });
  },
);
