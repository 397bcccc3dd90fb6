import { describe, expect, it } from "vitest";
import { silentLogger } from "../../ports/logger.ts";
import type { PostAnswer, PostRequest } from "./post.ts";
import { KeyRefused, Upstream } from "./upstream.ts";
import { UpstreamClock } from "./upstream-clock.ts";

const FLAG = { key: "checkout", revision: 7, fallthrough: { percentage: 50 } };
const SAID = { now: 1, asOfMs: 400, off: [] };
const ok = (body: object): PostAnswer => ({ status: 200, body: JSON.stringify(body) });
const snapshot = (revision: number, epoch = "e1"): PostAnswer =>
  ok({
    ...SAID,
    kind: "snapshot",
    snapshot: { environment: "production", epoch, revision, digest: "none", flags: [FLAG], segments: [] },
    visible: ["checkout"],
  });
const changes = (from: number, revision: number): PostAnswer =>
  ok({
    ...SAID,
    kind: "changes",
    delta: { epoch: "e1", from, revision, digest: "none", flags: [FLAG], committedAt: 5, urgent: true },
  });

/** An upstream server that answers in turn. */
function upstreamThat(...answers: readonly PostAnswer[]) {
  const asked: PostRequest[] = [];
  let turn = 0;
  const upstream = new Upstream({
    key: "rmp_relay_secret",
    relay: { instanceId: "relay-01", name: "edge" },
    clock: new UpstreamClock({ now: () => 0, monotonicMs: () => 0 }),
    logger: silentLogger,
    post: async (request) => {
      asked.push(request);
      return answers[turn++] ?? { status: 500, body: "" };
    },
  });
  return { upstream, asked };
}

describe("an upstream server in place of a store", () => {
  it("gives the environment whole, with what pages may know and the moment that it stands for", async () => {
    const { upstream } = upstreamThat(snapshot(7));
    expect(await upstream.content()).toMatchObject({
      key: "production",
      epoch: "e1",
      revision: 7,
      flags: [{ key: "checkout", clientVisible: true }],
      relayed: { asOfMs: 400, off: [] },
    });
  });

  it("keeps a change urgent, and has it at hand for the relays behind this one", async () => {
    const { upstream } = upstreamThat(snapshot(7), changes(7, 8));
    await upstream.content();
    const told = await upstream.changesSince("production", 7);
    expect(told).toMatchObject({ key: "production", from: 7, revision: 8, urgent: true });
    expect(told?.flags).toMatchObject([{ clientVisible: false }]);
    expect(upstream.lastStepFrom(7)).toBe(told);
    expect(upstream.lastStepFrom(6)).toBeUndefined();
  });

  it.each([
    ["an older revision", snapshot(6)],
    ["an epoch that was left", snapshot(900, "e0")],
  ])("refuses %s, whoever of the upstream servers says it", async (_, older) => {
    const { upstream } = upstreamThat(snapshot(3, "e0"), snapshot(7), older, snapshot(8));
    await upstream.content();
    await upstream.content();
    await expect(upstream.content()).rejects.toThrow("older than e1:7, which is kept");
    expect(await upstream.content()).toMatchObject({ revision: 8 });
  });

  it("fails as a store does, and can be tried again, when the answer can't be used", async () => {
    const { upstream } = upstreamThat({ status: 503, body: "later" }, { status: 200, body: "<html>" }, snapshot(7));
    await expect(upstream.content()).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    expect(upstream.isFailing).toBe(true);
    await expect(upstream.content()).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
    await upstream.content();
    expect(upstream.isFailing).toBe(false);
  });

  it("tells a refused key apart, and shows it to nobody", async () => {
    const { upstream } = upstreamThat({ status: 401, body: "revoked" });
    const failure: unknown = await upstream.content().catch((cause: unknown) => cause);
    expect(failure).toMatchObject({ code: "STORE_UNREACHABLE", cause: expect.any(KeyRefused) as KeyRefused });
    expect(String(failure)).not.toContain("secret");
  });
});
