import type { ReceiptsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi } from "../testing/fake-api.ts";
import { rampart } from "../testing/fake-io.ts";

const PROVEN: ReceiptsView = {
  environment: "production",
  epoch: "e1",
  revision: 42,
  flags: ["checkout"],
  committedAt: "2026-01-05T11:59:00.000Z",
  closedAt: "2026-01-05T11:59:02.000Z",
  verdict: "proven",
  expected: 4_117,
  acknowledged: 4_117,
  alreadyOff: 3,
  applied: { p50Ms: 310, p99Ms: 1_900, maxMs: 2_400 },
  stragglers: [],
  legs: { writeMs: 12, apply: { p50Ms: 298, p99Ms: 1_888, maxMs: 2_388 } },
};

const BOUNDED: ReceiptsView = {
  ...PROVEN,
  revision: 40,
  rollout: "r1",
  verdict: "bounded",
  acknowledged: 4_116,
  boundedAt: "2026-01-05T11:59:27.000Z",
  stragglers: [
    {
      instanceId: "web-2",
      sdk: "node/0.1.0",
      address: "10.0.0.8",
      revision: 39,
      lastContactAt: "2026-01-05T11:58:50.000Z",
      offAt: "2026-01-05T11:59:27.000Z",
    },
    {
      instanceId: "web-3",
      sdk: "node/0.1.0",
      address: "10.0.0.9",
      revision: 2,
      lastContactAt: "2026-01-05T11:50:00.000Z",
    },
  ],
  legs: { dataAgeMs: 4_000, decideMs: 30, commitMs: 3, ...PROVEN.legs },
};

async function receipts(argv: readonly string[] = [], items: readonly ReceiptsView[] = [PROVEN, BOUNDED]) {
  const base = "GET /api/v1/environments/production/receipts";
  const api = await fakeApi({ [base]: { body: { items } }, [`${base}/40`]: { body: BOUNDED } });
  return rampart(["receipts", ...argv, "--url", api.url]);
}

describe("receipts", () => {
  it("lists kills and rollbacks with who confirmed them, and in what time", async () => {
    const { code, stdout, stderr } = await receipts();
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "REVISION  FLAG      VERDICT  CONFIRMED  EXPECTED    P50   P99   MAX  WHEN",
        "      42  checkout  proven       4,117     4,117  310ms  1.9s  2.4s  1 min ago",
        "      40  checkout  bounded      4,116     4,117  310ms  1.9s  2.4s  1 min ago",
        "",
      ].join("\n"),
    );
  });

  it("shows of one of them where the time went, and names who is missing", async () => {
    const { code, stdout, stderr } = await receipts(["40"]);
    expect(code).toBe(0);
    expect(stdout.split("\n").map((line) => line.replaceAll(/ {2,}/g, " | "))).toEqual([
      "LEG | P50 | P99 | MAX",
      "age of the data | - | - | 4s",
      "sample to decision | - | - | 30ms",
      "decision to commit | - | - | 3ms",
      "commit to sockets | - | - | 12ms",
      "sockets to applied | 298ms | 1.888s | 2.388s",
      "commit to applied | 310ms | 1.9s | 2.4s",
      "",
      "MISSING | SDK | ADDRESS | HAD REVISION | LAST CONTACT | OFF BY ITS LEASE",
      "web-2 | node/0.1.0 | 10.0.0.8 | 39 | 1 min ago | 33 s ago",
      "web-3 | node/0.1.0 | 10.0.0.9 | 2 | 10 min ago | never",
      "",
    ]);
    expect(stderr).toContain(
      "bounded: 4,116 of 4,117 clients have checkout off at revision 40 of production; 1 client missing",
    );
  });

  it("prints exactly the API's object as JSON, and no talk", async () => {
    const { stdout, stderr } = await receipts(["40", "--json"]);
    expect(JSON.parse(stdout)).toEqual(BOUNDED);
    expect(stderr).toBe("");
  });

  it("says that there are none", async () => {
    const { code, stdout, stderr } = await receipts([], []);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("nothing was killed or rolled back in production");
  });

  it("refuses what is no revision", async () => {
    expect(await receipts(["checkout"])).toMatchObject({ code: 2 });
  });
});
