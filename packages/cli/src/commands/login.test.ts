import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeApi, problem } from "../testing/fake-api.ts";
import { rampart, temporaryFolder, type FakeOptions } from "../testing/fake-io.ts";

const OK = { "GET /api/v1/flags": { body: { items: [] } } };
const TOKEN = "rmp_operator_all_secret";

function account() {
  const folder = temporaryFolder();
  const file = join(folder, "rampart", "login.json");
  return {
    rampart: (argv: readonly string[], options: FakeOptions = {}) =>
      rampart(argv, { ...options, env: { XDG_CONFIG_HOME: folder, ...options.env } }),
    stored: () => (existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as unknown) : undefined),
    file,
  };
}

describe("login", () => {
  it("checks the token and remembers it with the server, for every command after it", async () => {
    const api = await fakeApi(OK);
    const anna = account();
    const { code, stdout, stderr } = await anna.rampart(["login", "--url", `${api.url}/`, "--token", TOKEN]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `logged in to ${api.url}\n` });
    expect(stderr).toContain(anna.file);
    expect(stderr).not.toContain(TOKEN);
    expect(anna.stored()).toEqual({ url: api.url, token: TOKEN });
    await anna.rampart(["flags", "list"]);
    expect(api.seen.map((request) => request.headers.authorization)).toEqual([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`]);
  });

  it("takes the token from stdin when that is a pipe", async () => {
    const api = await fakeApi(OK);
    const anna = account();
    await anna.rampart(["login", "--url", api.url], { stdin: `${TOKEN}\n` });
    expect(anna.stored()).toEqual({ url: api.url, token: TOKEN });
  });

  it("asks for both on a terminal, and offers what it knows", async () => {
    const api = await fakeApi(OK);
    const anna = account();
    const { asked } = await anna.rampart(["login"], { terminal: 80, answers: [api.url, TOKEN] });
    expect(asked).toEqual(["Server [http://127.0.0.1:4001]: ", "Token: "]);
    expect(anna.stored()).toEqual({ url: api.url, token: TOKEN });
    const again = await anna.rampart(["login"], { terminal: 80, answers: ["", TOKEN] });
    expect(again.asked[0]).toBe(`Server [${api.url}]: `);
    expect(again.code).toBe(0);
  });

  it("keeps what was there when the server refuses the token", async () => {
    const good = await fakeApi(OK);
    const bad = await fakeApi({ "GET /api/v1/flags": problem(401, "UNAUTHENTICATED") });
    const anna = account();
    await anna.rampart(["login", "--url", good.url, "--token", TOKEN]);
    const { code, stderr } = await anna.rampart(["login", "--url", bad.url, "--token", "wrong"]);
    expect(code).toBe(1);
    expect(stderr).toContain("nothing was changed");
    expect(anna.stored()).toEqual({ url: good.url, token: TOKEN });
  });

  it("remembers what it can't check, and says so", async () => {
    const anna = account();
    const { code, stdout, stderr } = await anna.rampart([
      "login",
      "--url",
      "http://no-such-host.invalid",
      "--token",
      TOKEN,
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "remembered http://no-such-host.invalid, unchecked\n" });
    expect(stderr).toContain("not checked");
    expect(stderr).toContain("plain http");
    expect(anna.stored()).toEqual({ url: "http://no-such-host.invalid", token: TOKEN });
  });

  it("does without a token where the server asks for none, and says so where it does", async () => {
    const dev = await fakeApi(OK);
    const anna = account();
    expect((await anna.rampart(["login", "--url", dev.url])).code).toBe(0);
    expect(anna.stored()).toEqual({ url: dev.url });
    const strict = await fakeApi({ "GET /api/v1/flags": problem(401, "UNAUTHENTICATED") });
    const { code, stderr } = await anna.rampart(["login", "--url", strict.url]);
    expect(code).toBe(1);
    expect(stderr).toContain("this server wants a token");
  });

  it("refuses what can't be a token", async () => {
    const anna = account();
    const { code, stderr } = await anna.rampart(["login", "--url", "http://127.0.0.1:1", "--token", "two words"]);
    expect(code).toBe(2);
    expect(stderr).toContain("not a token");
    expect(stderr).not.toContain("two words");
  });

  it("warns of variables that win over what it remembers", async () => {
    const api = await fakeApi(OK);
    const { stderr } = await account().rampart(["login", "--url", api.url, "--token", TOKEN], {
      env: { RAMPART_TOKEN: "x" },
    });
    expect(stderr).toContain("RAMPART_TOKEN is set and wins");
  });
});

describe("logout", () => {
  it("forgets, and does not mind when there is nothing to forget", async () => {
    const api = await fakeApi(OK);
    const anna = account();
    await anna.rampart(["login", "--url", api.url, "--token", TOKEN]);
    expect(await anna.rampart(["logout"])).toMatchObject({ code: 0, stderr: `removed ${anna.file}\n` });
    expect(anna.stored()).toBeUndefined();
    expect(await anna.rampart(["logout"])).toMatchObject({ code: 0, stderr: "nothing was remembered\n" });
  });
});
