import { beforeEach, describe, expect, it } from "vitest";
import { createClientOnPorts } from "./client.ts";
import { connectedClient, IDENTITY } from "./testing/connected.ts";
import { deltaOf, flagAt, heartbeatOf, snapshotOf } from "./testing/frames.ts";
import { FakePlatform, settle } from "./testing/platform.ts";
import type { FlagClient } from "./types.ts";

const ON = snapshotOf(5, [flagAt(5, {})]);
const kill = (revision: number, how: { readonly from?: number } = {}) =>
  deltaOf(revision, flagAt(revision, { killed: true }), { urgent: true, ...how });

let platform: FakePlatform;
let client: FlagClient;

beforeEach(async () => {
  platform = new FakePlatform();
  client = await connectedClient(platform, ON);
});

describe("a receipt", () => {
  it("is posted within 500 ms of an urgent change, with the time it was applied at", async () => {
    platform.chance = 1;
    const appliedAt = platform.wallMs;
    platform.stream.send("delta", kill(6));
    await platform.advance(499);
    expect(platform.sent("/ack")).toEqual([]);
    await platform.advance(1);
    expect(platform.sent("/ack")).toEqual([{ instanceId: "i-1", epoch: "e1", revision: 6, appliedAt }]);
    expect(platform.exchange("/ack").request.headers).toMatchObject({
      authorization: "Bearer rs_secret",
      "content-type": "application/json",
    });
  });

  it("is not posted for a change that is not urgent", async () => {
    platform.stream.send("delta", deltaOf(6, flagAt(6, {})));
    await platform.advance(5_000);
    expect(platform.sent("/ack")).toEqual([]);
  });

  it("is one for several urgent changes in a row", async () => {
    platform.stream.send("delta", kill(6)).send("delta", kill(7));
    await platform.advance(500);
    await platform.exchange("/ack").answer({ status: 204 });
    await platform.advance(5_000);
    expect(platform.sent("/ack")).toMatchObject([{ revision: 7 }]);
  });

  it("is posted for an urgent change that came with a snapshot, because its delta did not fit", async () => {
    platform.stream.send("delta", kill(8, { from: 7 }));
    await platform.advance(1_000);
    expect(platform.sent("/ack")).toEqual([]);
    platform.stream.open().send("snapshot", snapshotOf(8, [flagAt(8, { killed: true })]));
    await platform.advance(500);
    expect(platform.sent("/ack")).toMatchObject([{ revision: 8 }]);
  });

  it("is tried three times, then left to the next connect's basis", async () => {
    platform.stream.send("delta", kill(6));
    for (let attempt = 0; attempt < 5; attempt++) {
      await platform.advance(3_000);
      platform.stream.send("heartbeat", heartbeatOf(snapshotOf(6, [flagAt(6, {})])));
      if (platform.sent("/ack").length > attempt) await platform.exchange("/ack").fail();
    }
    expect(platform.sent("/ack").length).toBe(3);
  });

  it("of an older change gives way to that of a newer one while it is under way", async () => {
    platform.stream.send("delta", kill(6));
    await platform.advance(500);
    platform.stream.send("delta", kill(7));
    await platform.exchange("/ack").fail();
    await platform.advance(500);
    expect(platform.sent("/ack")).toMatchObject([{ revision: 6 }, { revision: 7 }]);
  });

  it("is no contact when it is answered: that says nothing of what is stored now", async () => {
    platform.stream.send("delta", kill(6));
    await platform.advance(3_000);
    expect(client.status().lastContactMs).toBe(3_000);
    await platform.exchange("/ack").answer({ status: 204 });
    expect(client.status().lastContactMs).toBe(3_000);
  });

  it("comes with the goodbye of a client that is closed meanwhile, and not after", async () => {
    platform.stream.send("delta", kill(6));
    await client.close();
    await platform.advance(5_000);
    expect(platform.sent("/ack")).toMatchObject([{ revision: 6, left: true }]);
  });
});

describe("a goodbye", () => {
  it("tells a server that is there that the client is being closed, and what it held", async () => {
    const appliedAt = platform.wallMs;
    await client.close();
    expect(platform.sent("/ack")).toEqual([{ instanceId: "i-1", epoch: "e1", revision: 5, appliedAt, left: true }]);
  });

  it("is waited for, so that a process that ends then has said it, but not for ever", async () => {
    platform.answersGoodbyes = false;
    let isClosed = false;
    void client.close().then(() => (isClosed = true));
    await platform.advance(1_999);
    expect(isClosed).toBe(false);
    await platform.advance(1);
    expect(isClosed).toBe(true);
    expect(platform.exchange("/ack").aborted).toBe(true);
    expect(platform.timersPending).toBe(0);
  });

  it("is not said to a server that does not answer, nor by a client that holds nothing of one", async () => {
    platform.stream.fail();
    await platform.advance(60_000);
    await client.close();
    const never = createClientOnPorts(platform.ports, IDENTITY);
    void never.init();
    await settle();
    await never.close();
    expect(platform.sent("/ack")).toEqual([]);
  });
});
