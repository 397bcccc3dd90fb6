import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fakeIo, temporaryFolder } from "../testing/fake-io.ts";
import { parseUrl, resolveConnection } from "./connection.ts";
import { loginPath, readLogin, removeLogin, writeLogin } from "./stored.ts";

describe("which server, and as whom", () => {
  const stored = async (env: { readonly [name: string]: string } = {}) => {
    const { io } = fakeIo({ env: { XDG_CONFIG_HOME: temporaryFolder(), ...env } });
    await writeLogin(io, { url: "https://rampart.example", token: "stored" });
    return io;
  };

  it("is this machine without a token when nothing is known", async () => {
    expect(await resolveConnection(fakeIo().io, {})).toEqual({ url: "http://127.0.0.1:4001" });
  });

  it("is what login remembered", async () => {
    expect(await resolveConnection(await stored(), {})).toEqual({ url: "https://rampart.example", token: "stored" });
  });

  it("is what the environment says, before what login remembered", async () => {
    const io = await stored({ RAMPART_URL: "https://other.example/", RAMPART_TOKEN: "from-env" });
    expect(await resolveConnection(io, {})).toEqual({ url: "https://other.example", token: "from-env" });
  });

  it("is what the options say, before everything else", async () => {
    const io = await stored({ RAMPART_URL: "https://other.example", RAMPART_TOKEN: "from-env" });
    expect(await resolveConnection(io, { url: "http://third.example", token: "given" })).toEqual({
      url: "http://third.example",
      token: "given",
    });
  });

  it("never sends the remembered token to another server, and knows that it kept it back", async () => {
    const io = await stored({ RAMPART_URL: "https://other.example" });
    expect(await resolveConnection(io, {})).toEqual({
      url: "https://other.example",
      withheldFor: "https://rampart.example",
    });
  });

  it("sends it when the same server is written in another way", async () => {
    expect(await resolveConnection(await stored(), { url: "https://RAMPART.example:443/" })).toEqual({
      url: "https://rampart.example",
      token: "stored",
    });
  });

  it("takes a variable that is set to nothing for one that is not set", async () => {
    expect(await resolveConnection(fakeIo({ env: { RAMPART_URL: "", RAMPART_TOKEN: "" } }).io, {})).toEqual({
      url: "http://127.0.0.1:4001",
    });
  });
});

describe("a server's URL", () => {
  it.each([
    ["http://127.0.0.1:4001/", "http://127.0.0.1:4001"],
    ["https://example.com/rampart/", "https://example.com/rampart"],
    ["localhost:4001", "http://localhost:4001"],
    ["https://example.com/?x=1#y", "https://example.com"],
  ])("%s is %s", (text, url) => {
    expect(parseUrl(text)).toBe(url);
  });

  it.each(["", "http://", "ftp://example.com", "https://anna:secret@example.com"])('"%s" is refused', (text) => {
    expect(() => parseUrl(text)).toThrow();
  });

  it("is refused without repeating the password in it", () => {
    expect(() => parseUrl("https://anna:secret@example.com")).toThrow(/^(?!.*secret)/);
  });
});

describe("the file of login", () => {
  it("can be read by its owner only, also when a readable one was there before", async () => {
    const { io } = fakeIo({ env: { XDG_CONFIG_HOME: temporaryFolder() } });
    const path = await writeLogin(io, { url: "http://a.example", token: "t1" });
    chmodSync(path, 0o644);
    writeFileSync(`${path}.new`, "left by a crash", { mode: 0o644 });
    await writeLogin(io, { url: "http://a.example", token: "t2" });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ url: "http://a.example", token: "t2" });
  });

  it("lies in the configuration folder, which is ~/.config where XDG_CONFIG_HOME is unset or relative", () => {
    expect(loginPath({ ...fakeIo().io, homeDir: "/home/anna", env: {} })).toBe("/home/anna/.config/rampart/login.json");
    expect(loginPath({ ...fakeIo().io, homeDir: "/home/anna", env: { XDG_CONFIG_HOME: "relative" } })).toBe(
      "/home/anna/.config/rampart/login.json",
    );
    expect(loginPath({ ...fakeIo().io, env: { XDG_CONFIG_HOME: "/etc/anna" } })).toBe("/etc/anna/rampart/login.json");
  });

  it.each(["", "not json", "[]", "null", '{"url":1}'])(
    "that holds %j is reported with its path and the way out",
    async (content) => {
      const folder = temporaryFolder();
      mkdirSync(join(folder, "rampart"));
      writeFileSync(join(folder, "rampart", "login.json"), content);
      const { io } = fakeIo({ env: { XDG_CONFIG_HOME: folder } });
      await expect(readLogin(io)).rejects.toMatchObject({
        message: `${join(folder, "rampart", "login.json")} does not hold a login`,
        lines: [expect.stringContaining("rampart login")],
      });
    },
  );

  it("is removed once", async () => {
    const { io } = fakeIo({ env: { XDG_CONFIG_HOME: temporaryFolder() } });
    const path = await writeLogin(io, { url: "http://a.example" });
    expect(await removeLogin(io)).toBe(path);
    expect(await removeLogin(io)).toBeUndefined();
    expect(await readLogin(io)).toBeUndefined();
  });
});
