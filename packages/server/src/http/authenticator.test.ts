import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../domain/records.ts";
import { mintToken } from "../domain/tokens.ts";
import { silentLogger } from "../ports/logger.ts";
import { silentMeter } from "../ports/meter.ts";
import { manualPlatform } from "../testing/manual-platform.ts";
import { Authenticator } from "./authenticator.ts";
import { ProblemError } from "./problem.ts";
import { Sessions } from "./session.ts";

type Headers = Readonly<Record<string, string>>;

const withHeaders = (headers: Headers, remoteAddress = "192.0.2.7"): IncomingMessage =>
  ({ method: "GET", headers, socket: { remoteAddress } }) as unknown as IncomingMessage;

/** An authenticator over tokens in a map, which counts how often it was asked for one and can be made to fail. */
function world({ dev = false } = {}) {
  const platform = manualPlatform();
  const records = new Map<string, TokenRecord>();
  const failures: string[] = [];
  const logged: string[] = [];
  const state = { asked: 0, touched: [] as [string, number][], isBroken: false, isSilent: false };
  const find = async (matches: (record: TokenRecord) => boolean): Promise<TokenRecord | undefined> => {
    state.asked += 1;
    if (state.isBroken) throw new Error("gone");
    if (state.isSilent) return new Promise(() => undefined);
    return [...records.values()].find(matches);
  };
  const sessions = new Sessions(new Uint8Array(32), platform.clock);
  const authenticator = new Authenticator({
    store: {
      tokenByHash: (hash) => find((record) => record.hash === hash),
      token: (id) => find((record) => record.id === id),
      touchToken: async (id, at) => {
        if (state.isBroken) throw new Error("gone");
        state.touched.push([id, at]);
      },
    },
    sessions,
    ...platform,
    logger: { ...silentLogger, debug: (_fields, message) => void logged.push(message) },
    meter: { ...silentMeter, storeFailed: (operation) => void failures.push(operation) },
    dev,
  });
  const add = (id: string, more: Partial<TokenRecord> = {}) => {
    const minted = mintToken({ kind: "operator", environment: "all", random: platform.randomBytes });
    const record: TokenRecord = {
      id,
      kind: "operator",
      name: `of ${id}`,
      environments: ["staging"],
      roles: ["engineering-lead"],
      hash: minted.hash,
      prefix: minted.prefix,
      createdAt: platform.clock.now(),
      ...more,
    };
    records.set(id, record);
    return { record, text: minted.text, bearer: withHeaders({ authorization: `Bearer ${minted.text}` }) };
  };
  return { platform, records, failures, logged, state, sessions, authenticator, add };
}

/** What a refused caller is told. */
async function refusalOf(outcome: Promise<unknown>): Promise<string> {
  const error = await outcome.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ProblemError)) throw new Error("it was not refused", { cause: error });
  expect(error.failure.code).toBe("UNAUTHENTICATED");
  expect(error.headers).toEqual({ "www-authenticate": 'Bearer realm="rampart"' });
  return `${error.failure.detail} ${error.failure.hint}`;
}

describe("a caller", () => {
  it("is who the token was made for, and nobody else", async () => {
    const { add, authenticator, state, platform } = world();
    add("first");
    const { bearer } = add("second", { browsers: { origins: ["https://shop.example"] } });
    expect(await authenticator.authenticate(bearer)).toEqual({
      actor: "token:second (of second)",
      kind: "operator",
      environments: ["staging"],
      roles: ["engineering-lead"],
      tokenId: "second",
      browsers: { origins: ["https://shop.example"] },
    });
    expect(state.touched).toEqual([["second", platform.clock.now()]]);
  });

  it.each<[string, (text: string) => Headers]>([
    ["authorization: Bearer", (text) => ({ authorization: `Bearer ${text}` })],
    ["authorization: bearer, with spaces around", (text) => ({ authorization: `bearer   ${text}  ` })],
    ["x-api-key", (text) => ({ "x-api-key": text })],
  ])("shows the token in %s", async (_, headersOf) => {
    const { add, authenticator } = world();
    const { text } = add("a");
    expect(await authenticator.authenticate(withHeaders(headersOf(text)))).toMatchObject({ tokenId: "a" });
  });

  it("shows it elsewhere than in a header, where a route allows that", async () => {
    const { add, authenticator } = world();
    expect(await authenticator.authenticate(withHeaders({}), add("a").text)).toMatchObject({ tokenId: "a" });
  });

  it.each<[Headers, RegExp]>([
    [{}, /No token was sent.*Send the header/],
    [{ "x-api-key": "" }, /No token was sent/],
    [{ authorization: "Basic YTpi" }, /not of the form.*Send the header/],
    [{ authorization: "Bearer" }, /not of the form/],
    [{ authorization: "Bearer a b" }, /not of the form/],
    [{ authorization: "x Bearer a" }, /not of the form/],
    [{ authorization: "Bearer nonsense" }, /no token of this server.*begin with rmp_/],
  ])("is refused with the headers %j, and told why", async (headers, why) => {
    const { authenticator, state } = world();
    expect(await refusalOf(authenticator.authenticate(withHeaders(headers)))).toMatch(why);
    expect(state.asked).toBe(0);
  });

  it("is told of a typing error, and of a token that nobody knows", async () => {
    const { add, authenticator, records } = world();
    const { text, bearer } = add("a");
    const mistyped = text.slice(0, -1) + (text.endsWith("A") ? "B" : "A");
    expect(await refusalOf(authenticator.authenticateText(mistyped))).toMatch(/checksum is wrong.*Copy it again/);
    records.clear();
    expect(await refusalOf(authenticator.authenticate(bearer))).toMatch(/unknown.*of another server/);
  });

  it("is refused with a token that was revoked or has expired, to the millisecond", async () => {
    const { add, authenticator, platform } = world();
    const now = platform.clock.now();
    expect(await refusalOf(authenticator.authenticate(add("a", { revokedAt: now }).bearer))).toMatch(
      /revoked.*Ask for/,
    );
    expect(await refusalOf(authenticator.authenticate(add("b", { expiresAt: now }).bearer))).toMatch(
      /expired at 2026-01-05T02:00:00.000Z.*Ask for/,
    );
    expect(await authenticator.authenticate(add("c", { expiresAt: now + 1 }).bearer)).toMatchObject({ tokenId: "c" });
  });
});

describe("rotation", () => {
  it("overlaps: the old token and the new one are both good until the old one's end", async () => {
    const { add, authenticator, platform } = world();
    const old = add("old", { expiresAt: platform.clock.now() + 3_600_000 });
    const renewed = add("new");
    await platform.advance(3_599_999);
    expect(await authenticator.authenticate(old.bearer)).toMatchObject({ tokenId: "old" });
    expect(authenticator.recall(old.bearer)).toMatchObject({ tokenId: "old" });
    expect(await authenticator.authenticate(renewed.bearer)).toMatchObject({ tokenId: "new" });
    await platform.advance(1);
    // It was found good a millisecond ago: its end counts all the same.
    expect(authenticator.recall(old.bearer)).toBeUndefined();
    await refusalOf(authenticator.authenticate(old.bearer));
    expect(await authenticator.authenticate(renewed.bearer)).toMatchObject({ tokenId: "new" });
  });
});

describe("what was looked up", () => {
  it("is believed for two seconds, and asked for again then", async () => {
    const { add, authenticator, state, platform } = world();
    await platform.advance(3_600_000);
    const { bearer } = add("a");
    await authenticator.authenticate(bearer);
    await platform.advance(1_999);
    await authenticator.authenticate(bearer);
    expect(state.asked).toBe(1);
    await platform.advance(1);
    await authenticator.authenticate(bearer);
    expect(state.asked).toBe(2);
    expect(state.touched).toHaveLength(2);
  });

  it("shows a revocation by another replica within two seconds", async () => {
    const { add, authenticator, platform, records } = world();
    const { bearer, record } = add("a");
    await authenticator.authenticate(bearer);
    records.set("a", { ...record, revokedAt: platform.clock.now() });
    await platform.advance(2_000);
    expect(await refusalOf(authenticator.authenticate(bearer))).toMatch(/revoked/);
    // Nor is the old answer kept for when the store is gone.
    expect(authenticator.recall(bearer)).toBeUndefined();
  });

  it("is forgotten at once where it is revoked here, and nothing else is", async () => {
    const { add, authenticator, records, state } = world();
    const gone = add("gone");
    const other = add("other");
    await authenticator.authenticate(gone.bearer);
    await authenticator.authenticate(other.bearer);
    records.delete("gone");
    authenticator.forget("gone");
    expect(authenticator.recall(gone.bearer)).toBeUndefined();
    expect(authenticator.recall(other.bearer)).toMatchObject({ tokenId: "other" });
    await refusalOf(authenticator.authenticate(gone.bearer));
    expect(state.asked).toBe(3);
    await authenticator.authenticate(other.bearer);
    expect(state.asked).toBe(3);
  });

  it("is known by its header without asking anybody, for two seconds", async () => {
    const { add, authenticator, platform, state } = world();
    await platform.advance(3_600_000);
    const { bearer, text } = add("a", { expiresAt: platform.clock.now() + 60_000 });
    expect(authenticator.recall(bearer)).toBeUndefined();
    const principal = await authenticator.authenticate(bearer);
    expect(authenticator.recall(bearer)).toBe(principal);
    expect(authenticator.recall(withHeaders({}))).toBeUndefined();
    expect(authenticator.recall(withHeaders({ "x-api-key": text }))).toBeUndefined();
    await platform.advance(1_999);
    expect(authenticator.recall(bearer)).toBe(principal);
    await platform.advance(1);
    expect(authenticator.recall(bearer)).toBeUndefined();
    expect(state.asked).toBe(1);
  });

  it("is bounded: those longest in go first", async () => {
    const { add, authenticator } = world();
    const [first, second, ...others] = Array.from({ length: 10_000 }, (_, index) => add(`t${index}`).bearer);
    if (first === undefined || second === undefined) throw new Error("none were made");
    for (const bearer of [first, second, ...others, first]) await authenticator.authenticate(bearer);
    expect(authenticator.recall(first)).toMatchObject({ tokenId: "t0" });
    await authenticator.authenticate(add("one more").bearer);
    expect(authenticator.recall(first)).toBeUndefined();
    expect(authenticator.recall(second)).toMatchObject({ tokenId: "t1" });
  });
});

describe("without a store", () => {
  it("a token that was good less than five minutes ago stays good, so that a flag can still be killed", async () => {
    const { add, authenticator, platform, state, failures, logged } = world();
    await platform.advance(3_600_000);
    const { bearer } = add("a");
    await authenticator.authenticate(bearer);
    state.isBroken = true;
    await platform.advance(299_999);
    expect(await authenticator.authenticate(bearer)).toMatchObject({ tokenId: "a" });
    expect(failures).toEqual(["tokenByHash"]);
    await platform.advance(1);
    await expect(authenticator.authenticate(bearer)).rejects.toThrow("gone");
    await expect(authenticator.authenticate(add("b").bearer)).rejects.toThrow("gone");
    expect(logged).toEqual([]);
  });

  it("a token that is known waits a second for a store that says nothing, and one that is not waits for its answer", async () => {
    const { authenticator, add, platform, state, failures } = world();
    const { bearer } = add("a");
    await authenticator.authenticate(bearer);
    await platform.advance(3_000);
    state.isSilent = true;
    const outcomes: string[] = [];
    void authenticator.authenticate(bearer).then(() => outcomes.push("known"));
    void authenticator.authenticate(add("b").bearer).then(() => outcomes.push("unknown"));
    await platform.advance(999);
    expect(outcomes).toEqual([]);
    await platform.advance(1);
    expect(outcomes).toEqual(["known"]);
    expect(failures).toEqual(["tokenByHash"]);
  });

  it("a token that has expired meanwhile does not", async () => {
    const { add, authenticator, platform, state } = world();
    const { bearer } = add("a", { expiresAt: platform.clock.now() + 10_000 });
    await authenticator.authenticate(bearer);
    state.isBroken = true;
    await platform.advance(10_000);
    expect(await refusalOf(authenticator.authenticate(bearer))).toMatch(/expired/);
  });

  it("nobody is held up by not being able to note that a token was used", async () => {
    const { add, platform, failures, logged, sessions } = world();
    const { record, text } = add("a");
    const authenticator = new Authenticator({
      store: {
        tokenByHash: async () => record,
        token: async () => record,
        touchToken: async () => Promise.reject(new Error("full")),
      },
      sessions,
      ...platform,
      logger: {
        ...silentLogger,
        debug: (fields, message) => void logged.push(`${message} ${String(fields["tokenId"])}`),
      },
      meter: { ...silentMeter, storeFailed: (operation) => void failures.push(operation) },
      dev: false,
    });
    expect(await authenticator.authenticateText(text)).toMatchObject({ tokenId: "a" });
    await platform.advance(0);
    expect([failures, logged]).toEqual([["touchToken"], ["can't note that a token was used a"]]);
  });
});

describe("a session", () => {
  const cookieOf = (sessions: Sessions, id: string) => sessions.open(id, { secure: false }).split(";")[0] ?? "";

  it("stands for its token as long as that is good", async () => {
    const { add, authenticator, sessions, platform, records, state } = world();
    const { record } = add("a");
    add("b");
    const incoming = withHeaders({ cookie: cookieOf(sessions, "a") });
    expect(await authenticator.authenticate(incoming)).toMatchObject({ tokenId: "a" });
    await authenticator.authenticate(incoming);
    expect(state.asked).toBe(1);
    expect(authenticator.recall(incoming)).toBeUndefined();
    records.set("a", { ...record, revokedAt: platform.clock.now() });
    authenticator.forget("a");
    expect(await refusalOf(authenticator.authenticate(incoming))).toMatch(/revoked/);
  });

  it("gives way to a token that is shown beside it", async () => {
    const { add, authenticator, sessions } = world();
    add("a");
    const { text } = add("b");
    const cookie = cookieOf(sessions, "a");
    expect(await authenticator.authenticate(withHeaders({ cookie, authorization: `Bearer ${text}` }))).toMatchObject({
      tokenId: "b",
    });
    await refusalOf(authenticator.authenticate(withHeaders({ cookie, authorization: "Bearer wrong" })));
  });

  it("is never taken from the text of a token, nor a token from a session", async () => {
    const { add, authenticator, sessions } = world();
    const { record } = add("a");
    await refusalOf(authenticator.authenticateText("a"));
    await refusalOf(authenticator.authenticateText(record.hash));
    await refusalOf(authenticator.authenticate(withHeaders({ cookie: cookieOf(sessions, record.hash.slice(0, 40)) })));
  });
});

describe("development mode", () => {
  const local = (headers: Headers) => withHeaders({ host: "localhost:4001", ...headers }, "127.0.0.1");

  it("lets this machine in without a token, and knows the SDK key dev by its header", async () => {
    const { authenticator, state } = world({ dev: true });
    expect(await authenticator.authenticate(local({}))).toMatchObject({ actor: "dev", kind: "admin" });
    const key = local({ authorization: "Bearer dev" });
    expect(await authenticator.authenticate(key)).toMatchObject({ kind: "server", environments: ["production"] });
    expect(authenticator.recall(key)).toMatchObject({ kind: "server" });
    expect(state.asked).toBe(0);
  });

  it("lets no other machine in, and is off unless it is asked for", async () => {
    const dev = world({ dev: true }).authenticator;
    await refusalOf(dev.authenticate(withHeaders({ host: "localhost:4001" })));
    await refusalOf(dev.authenticate(withHeaders({ host: "localhost:4001", authorization: "Bearer dev" })));
    expect(dev.recall(withHeaders({ host: "localhost:4001", authorization: "Bearer dev" }))).toBeUndefined();
    const { authenticator } = world();
    await refusalOf(authenticator.authenticate(local({})));
    await refusalOf(authenticator.authenticate(local({ authorization: "Bearer dev" })));
    expect(authenticator.recall(local({ authorization: "Bearer dev" }))).toBeUndefined();
  });

  it("still asks for a real token's proof where one is shown", async () => {
    const { add, authenticator } = world({ dev: true });
    expect(await authenticator.authenticate(local({ authorization: `Bearer ${add("a").text}` }))).toMatchObject({
      tokenId: "a",
    });
    await refusalOf(authenticator.authenticate(local({ authorization: "Bearer rmp_wrong" })));
    expect(authenticator.recall(local({ authorization: "Bearer rmp_wrong" }))).toBeUndefined();
  });
});
