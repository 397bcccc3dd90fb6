import type { ClientsView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi } from "../testing/fake-api.ts";
import { rampart } from "../testing/fake-io.ts";

const VIEW: ClientsView = {
  environment: "production",
  epoch: "e1",
  revision: 42,
  total: 2,
  current: 1,
  clients: [
    {
      instanceId: "web-1",
      sdk: "node/0.1.0",
      address: "10.0.0.7",
      transport: "stream",
      connectedAt: "2026-01-05T10:00:00.000Z",
      lastContactAt: "2026-01-05T11:59:58.000Z",
      epoch: "e1",
      revision: 42,
      lag: 0,
      acknowledgedAt: "2026-01-05T11:59:00.000Z",
    },
    {
      instanceId: "web-2",
      sdk: "node/0.1.0",
      address: "10.0.0.8",
      transport: "poll",
      connectedAt: "2026-01-05T11:00:00.000Z",
      lastContactAt: "2026-01-05T11:59:50.000Z",
      epoch: "e1",
      revision: 40,
      lag: 2,
    },
  ],
};

async function clients(view: ClientsView, argv: readonly string[] = []) {
  const api = await fakeApi({ "GET /api/v1/environments/production/clients": { body: view } });
  return rampart(["clients", ...argv, "--url", api.url]);
}

describe("clients", () => {
  it("shows who has what, and sums it up on stderr", async () => {
    const { code, stdout, stderr } = await clients(VIEW);
    expect(code).toBe(0);
    expect(stdout).toBe(
      [
        "CLIENT  SDK         ADDRESS   BY      REVISION  BEHIND  CONFIRMED  LAST CONTACT  CONNECTED",
        "web-1   node/0.1.0  10.0.0.7  stream        42       0  1 min ago  2 s ago       2 h ago",
        "web-2   node/0.1.0  10.0.0.8  poll          40       2  -          10 s ago      1 h ago",
        "",
      ].join("\n"),
    );
    expect(stderr).toBe("1 of 2 clients in production were sent revision 42\n");
  });

  it("shows which server has whom where there are several, and which have not said", async () => {
    const [first, second] = VIEW.clients.map((client, index) => ({ ...client, replica: `eu-${index + 1}` }));
    if (first === undefined || second === undefined) throw new Error("two clients are shown");
    const { stdout, stderr } = await clients({ ...VIEW, clients: [first, second], missing: ["eu-3"] });
    expect(stdout.split("\n").map((line) => line.trimEnd().split(" ").at(-1))).toEqual(["SERVER", "eu-1", "eu-2", ""]);
    expect(stderr).toBe("1 of 2 clients in production were sent revision 42; not heard of: the clients of eu-3\n");
  });

  it("says of whom nothing was heard lately, who may have ended", async () => {
    const [first, second] = VIEW.clients;
    if (first === undefined || second === undefined) throw new Error("two clients are shown");
    const ended = { ...second, lastContactAt: "2026-01-05T11:59:00.000Z" };
    const { stderr } = await clients({ ...VIEW, clients: [first, ended] });
    expect(stderr).toBe(
      "1 of 2 clients in production were sent revision 42; 1 not heard of lately: ended, or cut off\n",
    );
  });

  it("says that there are none", async () => {
    const { code, stdout, stderr } = await clients({ ...VIEW, clients: [], total: 0, current: 0 });
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("no client is connected to production");
  });

  it("prints exactly the API's object as JSON, and no talk", async () => {
    const { stdout, stderr } = await clients(VIEW, ["--json"]);
    expect(JSON.parse(stdout)).toEqual(VIEW);
    expect(stderr).toBe("");
  });
});
