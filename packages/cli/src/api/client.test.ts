import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { flagView, fakeApi, problem, rampView } from "../testing/fake-api.ts";
import { rampart, temporaryFolder } from "../testing/fake-io.ts";

/** A URL where nothing listens. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

describe("when there is no answer", () => {
  it("says where it looked, how to start a server and how to point elsewhere", async () => {
    const url = await deadUrl();
    const { code, stdout, stderr } = await rampart(["flags", "list", "--url", url]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(`no server listens at ${url} (connection refused)`);
    expect(stderr).toContain("rampart server --dev");
    expect(stderr).toContain("RAMPART_URL");
  });

  it("gives up after the request timeout with exit code 6", async () => {
    const api = await fakeApi({ "GET /api/v1/flags": () => undefined });
    const { code, stderr } = await rampart(["flags", "list", "--url", api.url, "--request-timeout", "30ms"]);
    expect(code).toBe(6);
    expect(stderr).toContain(`${api.url} did not answer within 30 ms`);
  });

  it("gives up on an answer that begins and then stands still", async () => {
    const api = await fakeApi({ "GET /api/v1/flags": (response) => void response.writeHead(200).write('{"items":[') });
    const { code } = await rampart(["flags", "list", "--url", api.url, "--request-timeout", "50ms"]);
    expect(code).toBe(6);
  });

  it("says that the connection was closed", async () => {
    const api = await fakeApi({ "GET /api/v1/flags": (response) => void response.destroy() });
    const { code, stderr } = await rampart(["flags", "list", "--url", api.url]);
    expect(code).toBe(1);
    expect(stderr).toContain("closed the connection before its answer was complete");
  });

  it("names an unknown host", async () => {
    const { code, stderr } = await rampart(["flags", "list", "--url", "http://no-such-host.invalid"]);
    expect(code).toBe(1);
    expect(stderr).toContain("the host name of http://no-such-host.invalid is not known");
  });
});

describe("a kill", () => {
  const kill = "POST /api/v1/environments/production/flags/checkout/kill";
  const unavailable = { status: 503, body: "busy" };

  it("tries again when the connection breaks or a gateway says that the server is away", async () => {
    const api = await fakeApi({
      [kill]: [
        (response) => void response.destroy(),
        unavailable,
        { body: rampView({ enabled: false, percentage: 0 }) },
      ],
    });
    const { code, stdout, stderr, slept } = await rampart(["flags", "kill", "checkout", "--url", api.url]);
    expect(code).toBe(0);
    expect(stdout).toContain("off for everybody");
    expect(stderr).toContain("trying again (2 of 4)");
    expect(api.seen).toHaveLength(3);
    expect(Math.max(...slept)).toBeLessThan(1000);
  });

  it("gives up after three new tries", async () => {
    const api = await fakeApi({ [kill]: unavailable });
    const { code, stderr } = await rampart(["flags", "kill", "checkout", "--url", api.url]);
    expect(code).toBe(1);
    expect(api.seen).toHaveLength(4);
    expect(stderr).toContain("answered 503");
  });

  it("is not repeated when the server refuses it", async () => {
    const api = await fakeApi({ [kill]: problem(403, "FORBIDDEN") });
    expect((await rampart(["flags", "kill", "checkout", "--url", api.url])).code).toBe(1);
    expect(api.seen).toHaveLength(1);
  });

  it("is the only change that is repeated: a lost ramp may have been made", async () => {
    const api = await fakeApi({ "POST /api/v1/environments/production/flags/checkout/rollout": unavailable });
    expect((await rampart(["flags", "set", "checkout", "5", "--url", api.url])).code).toBe(1);
    expect(api.seen).toHaveLength(1);
  });
});

describe("the trace of a pipeline", () => {
  const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const tracesOf = async (env: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
    const api = await fakeApi({ "GET /api/v1/flags/x": { body: flagView() } });
    expect((await rampart(["flags", "get", "x", "--url", api.url], { env })).code).toBe(0);
    return api.seen.map(({ headers }) => headers["traceparent"]);
  };

  it("is passed on from TRACEPARENT", async () => {
    expect(await tracesOf({ TRACEPARENT })).toEqual([TRACEPARENT]);
  });

  it.each([{}, { TRACEPARENT: "" }, { TRACEPARENT: `${TRACEPARENT}\r\nx-evil: 1` }])(
    "is left out for %j",
    async (env) => {
      expect(await tracesOf(env)).toEqual([undefined]);
    },
  );
});

describe("a refusal", () => {
  it.each([
    [400, 2],
    [401, 1],
    [403, 1],
    [404, 3],
    [409, 4],
    [412, 4],
    [422, 2],
    [429, 1],
    [500, 1],
    [504, 6],
  ])("with status %i ends with exit code %i", async (status, exitCode) => {
    const api = await fakeApi({ "GET /api/v1/flags/x": problem(status, "ANY") });
    expect((await rampart(["flags", "get", "x", "--url", api.url])).code).toBe(exitCode);
  });

  it("is told with its detail, every wrong field, near names and what to do", async () => {
    const api = await fakeApi({
      "GET /api/v1/flags/chekout": problem(404, "OTHER", {
        detail: 'There is no flag "chekout".',
        suggestions: ["checkout"],
        hint: "Look again.",
        errors: [{ pointer: "/key", detail: "is unknown", hint: "mind the letters" }],
      }),
    });
    const { stdout, stderr } = await rampart(["flags", "get", "chekout", "--url", api.url]);
    expect(stdout).toBe("");
    expect(stderr).toBe(
      'error: There is no flag "chekout".\n  /key: is unknown (mind the letters)\n  did you mean checkout?\n  Look again.\n',
    );
  });

  it("names this program's own commands where the server's hint speaks HTTP", async () => {
    const api = await fakeApi({
      "GET /api/v1/flags/x": problem(404, "FLAG_NOT_FOUND", { hint: "List the flags with GET /api/v1/flags." }),
    });
    const { stderr } = await rampart(["flags", "get", "x", "--url", api.url]);
    expect(stderr).toContain("rampart flags list");
    expect(stderr).not.toContain("GET ");
  });

  it("gives commands that can be pasted, for the environment that was meant", async () => {
    const routes = { "POST /api/v1/environments/staging/flags/a%2Fb/rollout": problem(409, "FLAG_DISABLED") };
    const api = await fakeApi(routes);
    const { stderr } = await rampart(["flags", "set", "a/b", "5", "-e", "staging", "--url", api.url]);
    expect(stderr).toContain("rampart flags restore a/b -e staging");
  });

  it("says a single wrong field once, and its hint", async () => {
    const errors = [{ pointer: "/key", detail: "contains a space", hint: "letters only" }];
    const api = await fakeApi({
      "POST /api/v1/flags": problem(400, "INVALID_BODY", { detail: '/key "bad key" contains a space.', errors }),
    });
    const { stderr } = await rampart(["flags", "create", "bad key", "--url", api.url]);
    expect(stderr).toBe('error: /key "bad key" contains a space.\n  letters only\n  nothing was changed\n');
  });

  it("can't steer the terminal", async () => {
    const api = await fakeApi({ "GET /api/v1/flags/x": problem(404, "ANY", { detail: "gone\u001b[2J" }) });
    expect((await rampart(["flags", "get", "x", "--url", api.url])).stderr).toContain("gone\\u001b[2J");
  });
});

describe("a token", () => {
  it("goes out as a bearer token, and nowhere near the output", async () => {
    const api = await fakeApi({ "GET /api/v1/flags": problem(401, "UNAUTHENTICATED", { hint: "Send a token." }) });
    const { stderr } = await rampart(["flags", "list", "--url", api.url, "--token", "s3cret"]);
    expect(api.seen[0]?.headers.authorization).toBe("Bearer s3cret");
    expect(stderr).toContain("rampart login");
    expect(stderr).not.toContain("Send a token");
    expect(stderr).not.toContain("s3cret");
  });

  it("that is missing is asked for by name", async () => {
    const api = await fakeApi({ "GET /api/v1/flags": problem(401, "UNAUTHENTICATED") });
    const { stderr } = await rampart(["flags", "list", "--url", api.url]);
    expect(stderr).toContain("RAMPART_TOKEN");
  });

  it("of another server is kept back, and the user is told", async () => {
    const api = await fakeApi({ "GET /api/v1/flags": [{ body: { items: [] } }, problem(401, "UNAUTHENTICATED")] });
    const env = { XDG_CONFIG_HOME: temporaryFolder() };
    const other = await fakeApi({ "GET /api/v1/flags": { body: { items: [] } } });
    expect((await rampart(["login", "--url", other.url, "--token", "for-the-other"], { env })).code).toBe(0);
    await rampart(["flags", "list", "--url", api.url], { env });
    const { stderr } = await rampart(["flags", "list", "--url", api.url], { env });
    expect(api.seen.map((request) => request.headers.authorization)).toEqual([undefined, undefined]);
    expect(stderr).toContain(`the stored token belongs to ${other.url}`);
  });

  it("is not carried along a redirect", async () => {
    const api = await fakeApi({
      "GET /api/v1/flags": { status: 301, headers: { location: "https://elsewhere.example/" } },
    });
    const { code, stderr } = await rampart(["flags", "list", "--url", api.url, "--token", "s3cret"]);
    expect(code).toBe(1);
    expect(stderr).toContain("redirects to https://elsewhere.example/");
  });
});

describe("something that is no Rampart server", () => {
  it("is told by its answer", async () => {
    const api = await fakeApi({
      "GET /api/v1/flags": (response) => void response.writeHead(200, { "content-type": "text/html" }).end("<html>"),
    });
    const { code, stderr } = await rampart(["flags", "list", "--url", api.url]);
    expect(code).toBe(1);
    expect(stderr).toContain("answered with text/html instead of JSON");
  });
});

describe("a key with a slash", () => {
  it("is one part of the path", async () => {
    const api = await fakeApi({ "GET /api/v1/flags/team%2Fcheckout": { body: flagView({ key: "team/checkout" }) } });
    expect((await rampart(["flags", "get", "team/checkout", "--url", `${api.url}/`])).code).toBe(0);
  });
});
