import { describe, expect, it } from "vitest";
import { manualPlatform } from "../../testing/manual-platform.ts";
import { openStream } from "../../testing/sse-client.ts";
import { startTestServer } from "../../testing/test-server.ts";

describe("the stream of changes", () => {
  it("says at once where every environment is, and then when one moves on", async () => {
    const platform = manualPlatform();
    const server = await startTestServer({ platform });
    const stream = openStream(server.port, "/api/v1/changes", { authorization: `Bearer ${server.admin}` });
    expect((await stream.next()).data).toMatchObject({ revisions: { production: 0, staging: 0 } });
    await server.call("POST /api/v1/flags", { body: { key: "new-search" } });
    await platform.advance(500);
    expect(await stream.nextOf("environment")).toMatchObject({ data: { revision: 1 } });
    await platform.advance(5_000);
    expect((await stream.nextOf("beat")).data).toMatchObject({ revisions: { production: 1, staging: 1 } });
  });

  it("says nothing of environments that its token is not for", async () => {
    const server = await startTestServer();
    const { text } = await server.token("viewer", ["staging"]);
    const stream = openStream(server.port, "/api/v1/changes", { authorization: `Bearer ${text}` });
    expect(Object.keys((await stream.next()).data["revisions"] as object)).toEqual(["staging"]);
  });
});
