import type { TokenView } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { fakeApi, problem, type Routes } from "../testing/fake-api.ts";
import { rampart, type FakeOptions } from "../testing/fake-io.ts";

const TOKEN: TokenView = {
  id: "t1",
  kind: "operator",
  name: "anna",
  environments: ["*"],
  roles: ["engineering-lead"],
  createdAt: "2026-01-01T12:00:00.000Z",
  lastUsedAt: "2026-01-05T11:57:00.000Z",
  prefix: "rmp_operator_all_ab12",
};
const SECRET = "rmp_operator_all_secret";

async function tokens(routes: Routes, argv: readonly string[], options: FakeOptions = {}) {
  const api = await fakeApi(routes);
  return { ...(await rampart(["tokens", ...argv, "--url", api.url], options)), seen: api.seen };
}

describe("tokens list", () => {
  const revoked = { ...TOKEN, id: "t2", name: "old", revokedAt: "2026-01-04T12:00:00.000Z" };
  const expired = { ...TOKEN, id: "t3", name: "ci", expiresAt: "2026-01-05T11:00:00.000Z" };
  const routes = { "GET /api/v1/tokens": { body: { items: [TOKEN, revoked, expired] } } };

  it("shows the tokens that are good, never their secrets", async () => {
    const { stdout } = await tokens(routes, ["list"]);
    expect(stdout).toBe(
      [
        "ID  NAME  KIND      ENVIRONMENTS  GOOD UNTIL  LAST USED  ROLES             BEGINS WITH",
        "t1  anna  operator  all           no end      3 min ago  engineering-lead  rmp_operator_all_ab12",
        "",
      ].join("\n"),
    );
  });

  it("shows the others too with --all, and why they are not good", async () => {
    const { stdout } = await tokens(routes, ["list", "--all"]);
    expect(stdout).toContain("revoked 1 d ago");
    expect(stdout).toContain("expired 1 h ago");
  });

  it("prints the API's page as JSON", async () => {
    expect(JSON.parse((await tokens(routes, ["list", "--all", "--json"])).stdout)).toEqual(
      routes["GET /api/v1/tokens"].body,
    );
  });
});

describe("tokens create for browsers", () => {
  it("names the pages that may use the key, and shows the secret that signs contexts", async () => {
    const made = { ...TOKEN, kind: "client", origins: ["https://shop.example"], secure: true };
    const { stdout, stderr, seen } = await tokens(
      { "POST /api/v1/tokens": { status: 201, body: { ...made, token: SECRET, secret: "signs" } } },
      ["create", "shop", "--kind", "client", "--origin", "https://shop.example", "--secure"],
    );
    expect(seen[0]?.body).toMatchObject({ kind: "client", origins: ["https://shop.example"], secure: true });
    expect(stdout).toBe(`${SECRET}\n`);
    expect(stderr).toContain("signs");
    expect(stderr).toContain("https://shop.example");
  });
});

describe("tokens create", () => {
  const routes = { "POST /api/v1/tokens": { status: 201, body: { ...TOKEN, token: SECRET } } };

  it("prints the token alone on stdout, so that it can be piped, and the talk on stderr", async () => {
    const { code, stdout, stderr } = await tokens(routes, [
      "create",
      "anna",
      "--kind",
      "operator",
      "--role",
      "engineering-lead",
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${SECRET}\n` });
    expect(stderr).toContain("only time the token is shown");
    expect(stderr).not.toContain(SECRET);
  });

  it.each([
    [["--kind", "operator"], { kind: "operator", name: "x", environments: ["*"] }],
    [
      ["--kind", "viewer", "-e", "staging, production"],
      { kind: "viewer", name: "x", environments: ["staging", "production"] },
    ],
    [["--kind", "server"], { kind: "server", name: "x", environments: ["production"] }],
    [["--kind", "client", "-e", "staging"], { kind: "client", name: "x", environments: ["staging"] }],
    [
      ["--kind", "ci", "--expires", "90d"],
      { kind: "ci", name: "x", environments: ["*"], expiresAt: "2026-04-05T12:00:00.000Z" },
    ],
  ])("%j binds it to what it is for", async (argv, body) => {
    expect((await tokens(routes, ["create", "x", ...argv])).seen[0]?.body).toEqual(body);
  });

  it("refuses an SDK key for two environments", async () => {
    const { code, stderr, seen } = await tokens(routes, [
      "create",
      "x",
      "--kind",
      "server",
      "-e",
      "staging,production",
    ]);
    expect({ code, seen }).toEqual({ code: 2, seen: [] });
    expect(stderr).toContain("good for one environment");
  });

  it("prints exactly the API's object as JSON", async () => {
    expect(JSON.parse((await tokens(routes, ["create", "x", "--kind", "ci", "--json"])).stdout)).toEqual({
      ...TOKEN,
      token: SECRET,
    });
  });
});

describe("tokens revoke", () => {
  it("revokes by id", async () => {
    const { code, stdout } = await tokens({ "DELETE /api/v1/tokens/t1": { body: TOKEN } }, ["revoke", "t1"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "revoked anna\n" });
  });

  it("ends with 3 when there is no such token", async () => {
    const { code, stderr } = await tokens({ "DELETE /api/v1/tokens/t9": problem(404, "TOKEN_NOT_FOUND") }, [
      "revoke",
      "t9",
    ]);
    expect(code).toBe(3);
    expect(stderr).toContain("rampart tokens list");
  });
});
