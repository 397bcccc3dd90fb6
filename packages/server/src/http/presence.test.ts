import { afterEach, describe, expect, it } from "vitest";
import { breakableStore } from "../testing/breakable-store.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { openStream } from "../testing/sse-client.ts";
import { startTestServer } from "../testing/test-server.ts";

const FLAG = "checkout";
const PLAN = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: presence }
spec:
  flag: ${FLAG}
  environment: production
  stages: [ { name: all, percentage: 100, duration: 1h, timeout: 2h } ]
`;
const CONTEXT = { context: { targetingKey: "u" } };

/** Every read that is answered and not followed: with what the client holds in the way in which each says it. */
const READS = {
  "GET /sdk/v1/flags": (basis: string) => ({ headers: { "x-rampart-basis": basis } }),
  "POST /client/v1/evaluate": (basis: string) => ({ body: { ...CONTEXT, basis } }),
  "POST /ofrep/v1/evaluate/flags": (basis: string) => ({ body: CONTEXT, headers: { "x-rampart-basis": basis } }),
  [`POST /ofrep/v1/evaluate/flags/${FLAG}`]: (basis: string) => ({
    body: CONTEXT,
    headers: { "x-rampart-basis": basis },
  }),
} as const;
const LINES = Object.keys(READS) as readonly (keyof typeof READS)[];

const store = breakableStore();
afterEach(() => (store.state = "fine"));

/** A server with a flag that is on under a rollout, and one that no rollout manages. */
async function ramping(isShared: boolean) {
  const platform = manualPlatform();
  const server = await startTestServer({ platform, wrap: store.wrap, isShared });
  for (const key of [FLAG, "plain"]) {
    await server.call("POST /api/v1/flags", { body: { key } });
    await server.call(`PATCH /api/v1/environments/production/flags/${key}`, { body: { clientVisible: true } });
  }
  await server.call("POST /api/v1/environments/production/flags/plain/rollout", { body: { percentage: 100 } });
  expect((await server.call("POST /api/v1/rollouts", { body: { plan: PLAN } })).status).toBe(201);
  await platform.advance(1_000);
  const client = await server.token("client", ["production"]);
  const { body } = await server.call<{ epoch: string; revision: number }>("GET /sdk/v1/flags", {
    token: server.sdkKey,
  });
  const token = (line: string): string => (line.includes("/client/") ? client.text : server.sdkKey);
  const read = (line: keyof typeof READS, basis: string) =>
    server.call(line, { token: token(line), ...READS[line](basis) });
  // Its key is known from before: nothing of what follows is about that.
  for (const line of LINES) expect((await read(line, `${body.epoch}:${body.revision}`)).status, line).toBe(200);
  const watch = async () => {
    const { body: issued } = await server.call<{ ticket: string }>("POST /client/v1/tickets", {
      token: client.text,
      body: CONTEXT,
    });
    return openStream(server.port, `/client/v1/stream?ticket=${issued.ticket}`);
  };
  return { server, platform, at: body, read, watch };
}

describe("a server that shares its store", () => {
  it.each(LINES)("answers nothing older to who has heard of more: %s", async (line) => {
    const { at, read, server } = await ramping(true);
    const ahead = `${at.epoch}:${at.revision + 1}`;
    expect(await read(line, ahead)).toMatchObject({ status: 503, body: { code: "NOT_CURRENT" } });
    expect((await read(line, ahead)).headers.get("retry-after")).toBe("2");
    // As another server would write it: nobody tells this one.
    await server.store.changeConfig(
      "production",
      "plain",
      ({ config }) => ({ kind: "write", next: { ...config, enabled: false } }),
      { actor: "another server", action: "flag.killed", at: 0 },
    );
    expect((await read(line, ahead)).status).toBe(200);
  });

  it("gives polls of SDKs nothing that would renew a lease while it does not know what is stored", async () => {
    const { at, read, platform } = await ramping(true);
    store.state = "gone";
    await platform.advance(4_000);
    const basis = `${at.epoch}:${at.revision}`;
    for (const line of ["GET /sdk/v1/flags", "POST /client/v1/evaluate"] as const)
      expect(await read(line, basis), line).toMatchObject({ status: 503, body: { code: "NOT_CURRENT" } });
  });

  it("tells polls, of SDKs for servers and of other protocols, the kills that it was asked for and can't store", async () => {
    const { server, at, read, platform } = await ramping(true);
    store.state = "gone";
    await platform.advance(4_000);
    const killed = await server.call("POST /api/v1/environments/production/flags/plain/kill", { body: {} });
    expect(killed.status).toBe(202);
    const basis = `${at.epoch}:${at.revision}`;
    expect(await read("GET /sdk/v1/flags", basis)).toMatchObject({
      status: 503,
      body: { code: "NOT_CURRENT", epoch: at.epoch, revision: at.revision, off: ["plain"] },
    });
    expect((await read("POST /ofrep/v1/evaluate/flags", basis)).body).toMatchObject({
      flags: [{ key: FLAG }, { key: "plain", value: false }],
    });
  });

  it("gives pages all that it has, and nothing of it renews a lease", async () => {
    const { watch, platform } = await ramping(true);
    const before = await watch();
    await before.nextOf("values");
    store.state = "gone";
    await platform.advance(4_000);
    const late = await watch();
    expect(await late.next()).toMatchObject({
      event: "unconfirmed",
      data: { flags: { [FLAG]: { value: true, lease: { ms: 25_000, value: false } }, plain: { value: true } } },
    });
    await platform.advance(5_000);
    expect(await before.nextOf("unconfirmed")).toMatchObject({ data: null });
    expect(await late.nextOf("unconfirmed")).toMatchObject({ data: null });
    store.state = "fine";
    await platform.advance(6_000);
    await before.nextOf("heartbeat");
    await late.nextOf("heartbeat");
  });

  it("counts leases as over for clients that know of none, and gives them the other flags", async () => {
    const { at, read, platform } = await ramping(true);
    const basis = `${at.epoch}:${at.revision}`;
    const one = `POST /ofrep/v1/evaluate/flags/${FLAG}` as const;
    const bulk = "POST /ofrep/v1/evaluate/flags" as const;
    expect((await read(one, basis)).body).toMatchObject({ value: true, variant: "on" });
    const tag = (await read(bulk, basis)).headers.get("etag");
    store.state = "gone";
    await platform.advance(4_000);
    expect((await read(one, basis)).body).toMatchObject({ value: false, variant: "off", reason: "STALE" });
    const all = await read(bulk, basis);
    expect(all.body).toMatchObject({
      flags: [
        { key: FLAG, value: false, reason: "STALE" },
        { key: "plain", value: true },
      ],
    });
    expect(all.headers.get("etag")).not.toBe(tag);
    store.state = "fine";
    await platform.advance(1_000);
    expect((await read(bulk, basis)).headers.get("etag")).toBe(tag);
    expect((await read(one, basis)).body).toMatchObject({ value: true });
  });
});

describe("a server that is alone with its store", () => {
  it.each(LINES)(
    "answers whatever becomes of the store, and whatever a client says that it holds: %s",
    async (line) => {
      const { at, read, platform } = await ramping(false);
      store.state = "gone";
      await platform.advance(4_000);
      expect((await read(line, `${at.epoch}:${at.revision}`)).status).toBe(200);
      expect((await read(line, `${at.epoch}:${at.revision + 1}`)).status).toBe(200);
    },
  );
});
