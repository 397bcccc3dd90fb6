import { describe, expect, it } from "vitest";
import type { Page, RolloutEventView } from "@rampart/core";
import { openStream } from "../../testing/sse-client.ts";
import { startRolloutServer, type RolloutServer } from "../../testing/rollout-server.ts";

function follow(
  server: RolloutServer,
  id: string,
  headers: Readonly<Record<string, string>> = {},
  token = server.admin,
) {
  return openStream(server.port, `/api/v1/rollouts/${id}/events`, { authorization: `Bearer ${token}`, ...headers });
}

describe("the events of a rollout", () => {
  it("are told from the beginning, then as they happen", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    const stream = follow(server, id);
    expect(await stream.head()).toContain("content-type: text/event-stream");
    expect(await stream.next()).toMatchObject({
      id: "1",
      event: "record",
      data: { id: 1, event: "scheduled", state: "scheduled", percentage: 0 },
    });
    expect((await stream.next()).data).toMatchObject({ event: "started" });
    await server.until(id, "running");
    expect(await stream.next()).toMatchObject({
      id: "3",
      data: { event: "stageStarted", stage: "canary", percentage: 5 },
    });
    await server.command(id, "rollback", { reason: "a hunch" });
    expect((await stream.next()).data).toMatchObject({
      event: "rollbackStarted",
      percentage: 0,
      cause: { kind: "command", subject: "rollback", reason: "a hunch" },
    });
  });

  it("go on after the one that the follower saw last, with nothing twice and nothing left out", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    const first = follow(server, id);
    const seen = [await first.next(), await first.next()];
    first.socket.destroy();
    await server.command(id, "pause");
    await server.command(id, "resume");
    const second = follow(server, id, { "last-event-id": seen.at(-1)?.id ?? "" });
    expect(
      [await second.next(), await second.next(), await second.next()].map(({ id: eventId, data }) => [
        eventId,
        data["event"],
      ]),
    ).toEqual([
      ["3", "stageStarted"],
      ["4", "paused"],
      ["5", "resumed"],
    ]);
  });

  it("are a page for whom that is enough", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    await server.until(id, "running");
    const page = async (query: string) =>
      (
        await server.call<Page<RolloutEventView>>(`GET /api/v1/rollouts/${id}/events${query}`, {
          headers: { accept: "application/json" },
        })
      ).body;
    const first = await page("?limit=2");
    expect(first.items.map(({ event }) => event)).toEqual(["scheduled", "started"]);
    expect((await page(`?limit=2&cursor=${first.next}`)).items.map(({ event }) => event)).toEqual(["stageStarted"]);
    expect((await page("")).next).toBeUndefined();
  });

  it("come with a heartbeat, so that nothing in between takes the stream for dead", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    const stream = follow(server, id);
    await stream.next();
    await stream.next();
    await server.pass(20_000);
    expect(stream.body()).toContain(": heartbeat\n\n");
  });

  it("end when the token is revoked, and when the server goes", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    const { text, id: tokenId } = await server.token("viewer");
    const theirs = follow(server, id, {}, text);
    const ours = follow(server, id);
    await Promise.all([theirs.next(), ours.next()]);
    await server.call(`DELETE /api/v1/tokens/${tokenId}`);
    await theirs.closed();
    expect(ours.socket.destroyed).toBe(false);
    const closed = server.close();
    await server.platform.advance(5_000);
    await ours.closed();
    await closed;
  });

  it("of a rollout of another environment are not told", async () => {
    const server = await startRolloutServer();
    const id = await server.begin();
    const { text } = await server.token("viewer", ["staging"]);
    expect(await follow(server, id, {}, text).head()).toContain("403");
    expect(await follow(server, "f00").head()).toContain("404");
  });
});
