import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createEgress } from "./egress.ts";
import type { EgressPolicy } from "./policy.ts";
import { NEVER, PRIVATE, spellingsOf } from "./testing/spellings.ts";

const CLOSED: EgressPolicy = { allowPrivate: false, allow: [] };
const OPEN: EgressPolicy = { allowPrivate: true, allow: [] };

/** Wherever a call ends up on this machine, it is counted here. */
let canary: Server;
let port: number;
let reached: number;
beforeAll(async () => {
  canary = createServer((_, outgoing) => {
    reached += 1;
    outgoing.end("reached");
  });
  await new Promise<void>((resolve) => canary.listen(0, "127.0.0.1", resolve));
  port = (canary.address() as AddressInfo).port;
});
beforeEach(() => {
  reached = 0;
});
afterAll(() => {
  canary.closeAllConnections();
  canary.close();
});

/** Names that are asked for are answered with this machine: what passes for a name must not get through either. */
const sendTo = (url: string, policy: EgressPolicy, resolve = async (): Promise<readonly string[]> => ["127.0.0.1"]) =>
  createEgress({ policy, resolve, nowMs: () => performance.now() }).send({
    url,
    method: "GET",
    timeoutMs: 2_000,
    bodyBytesMax: 1024,
  });

const hosts = [...PRIVATE, ...NEVER].flatMap((address) => spellingsOf(address).map((host) => ({ address, host })));

describe("forbidden addresses", () => {
  it("come in more than 500 spellings", () => {
    expect(new Set(hosts.map(({ host }) => host)).size).toBeGreaterThan(500);
  });

  it("are refused in every one of them, before a socket is opened", async () => {
    for (const { host } of hosts) {
      const result = await sendTo(`http://${host}:${port}/`, CLOSED);
      expect([host, result.kind]).toEqual([host, "refused"]);
    }
    expect(reached).toBe(0);
  });

  it("are refused in every one of them as a mail server, too", async () => {
    for (const { host } of hosts) {
      const door = createEgress({ policy: CLOSED, resolve: async () => ["127.0.0.1"], nowMs: () => 0 });
      const result = await door.admitMail(`smtp://${encodeURI(host)}:2525`, 1_000);
      expect([host, result.kind]).toEqual([host, "refused"]);
    }
  });

  it("stay refused with private networks opened, where nothing should ever be called", async () => {
    const never = NEVER.flatMap(spellingsOf);
    expect(never.length).toBeGreaterThan(250);
    for (const host of never) {
      const result = await sendTo(`http://${host}:${port}/`, OPEN);
      expect([host, result.kind]).toEqual([host, "refused"]);
    }
    expect(reached).toBe(0);
  });

  it("are spelt so that they do mean the address: with private networks opened, loopback is reached by them", async () => {
    const loopback = spellingsOf("127.0.0.1").filter((host) => !host.startsWith("["));
    for (const host of loopback)
      expect([host, (await sendTo(`http://${host}:${port}/`, OPEN)).kind]).toEqual([host, "answer"]);
    expect(reached).toBe(loopback.length);
  });

  it("are refused behind every name, alone or among good ones", async () => {
    for (const { address } of hosts)
      for (const answers of [[address], ["8.8.8.8", address], [address, "8.8.8.8"]]) {
        const result = await sendTo(`http://rebound.example:${port}/`, CLOSED, async () => answers);
        expect([answers, result.kind]).toEqual([answers, "refused"]);
      }
  });
});

describe("forbidden addresses in disguise", () => {
  it.each([
    "http:127.0.0.1:PORT/",
    "http:/127.0.0.1:PORT/",
    "http:///127.0.0.1:PORT/",
    "http:\\\\127.0.0.1:PORT\\",
    "HTTP://127.0.0.1:PORT/",
    "  http://127.0.0.1:PORT/",
    "ht\ntp://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT#@public.example/",
    "http://127.0.0.1:PORT?@public.example/",
    "http://127.0.0.1:PORT\\@public.example/",
    "http://public.example@127.0.0.1:PORT/",
    "http://public.example:80@127.0.0.1:PORT/",
    "http://public.example%00@127.0.0.1:PORT/",
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
    "http://ｌｏｃａｌｈｏｓｔ:PORT/",
    "http://127.0.0.1.nip.example:PORT/",
    "http://127.0.0.1\u3000:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://¹²⁷.⁰.⁰.¹:PORT/",
    "//127.0.0.1:PORT/",
    "gopher://127.0.0.1:PORT/",
    "data:text/plain,hello",
    "blob:http://127.0.0.1:PORT/a",
    "unix:/var/run/docker.sock",
    "http://unix:/var/run/docker.sock:/",
    "ws://127.0.0.1:PORT/",
  ])("%s", async (url) => {
    expect(await sendTo(url.replace("PORT", String(port)), CLOSED)).toMatchObject({ kind: "refused" });
    expect(reached).toBe(0);
  });

  it("are not reached by a redirect, whatever its status and wherever it leads", async () => {
    for (const status of [300, 301, 302, 303, 305, 307, 308]) {
      const redirecting = createServer((_, outgoing) =>
        outgoing
          .writeHead(status, { location: `http://127.0.0.1:${port}/`, refresh: `0; url=http://127.0.0.1:${port}/` })
          .end(),
      );
      await new Promise<void>((resolve) => redirecting.listen(0, "127.0.0.1", resolve));
      const own = (redirecting.address() as AddressInfo).port;
      const policy = { allowPrivate: false, allow: [`redirecting.example:${own}`] };
      expect(await sendTo(`http://redirecting.example:${own}/`, policy)).toMatchObject({ kind: "answer", status });
      redirecting.closeAllConnections();
      redirecting.close();
    }
    expect(reached).toBe(0);
  });

  it("are not reached by a resolver that changes its answer between two calls: each call is judged anew", async () => {
    const answers = ["8.8.8.8", "127.0.0.1", "::ffff:7f00:1"];
    const flipping = async () => [answers.push(answers.shift() ?? "") > 0 ? (answers.at(-1) ?? "") : ""];
    const kinds: string[] = [];
    for (let call = 0; call < 6; call += 1) {
      const door = createEgress({ policy: CLOSED, resolve: flipping, nowMs: () => 0 });
      kinds.push((await door.admitMail("smtp://flipping.example:2525", 1_000)).kind);
    }
    expect(kinds).toEqual(["admitted", "refused", "refused", "admitted", "refused", "refused"]);
  });
});
