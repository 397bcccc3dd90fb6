import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  configView,
  evaluationsView,
  fakeApi,
  flagView,
  problem,
  rampView,
  type Routes,
} from "../../testing/fake-api.ts";
import { rampart, temporaryFolder, type FakeOptions } from "../../testing/fake-io.ts";

const CONFIG = "/api/v1/environments/production/flags/checkout";
const EVALUATIONS = `GET ${CONFIG}/evaluations`;

async function run(routes: Routes, argv: readonly string[], options: FakeOptions = {}) {
  const api = await fakeApi(routes);
  return { ...(await rampart([...argv, "--url", api.url], options)), seen: api.seen };
}

describe("flags list", () => {
  const routes = {
    "GET /api/v1/flags": {
      body: { items: [flagView(), flagView({ key: "banner", type: "string", tags: [], environments: {} })] },
    },
  };

  it("shows each flag in a line, with its state in each environment", async () => {
    const { code, stdout, stderr } = await run(routes, ["flags", "list"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(
      [
        "FLAG      TYPE     PRODUCTION                 STAGING  OWNER      TAGS     UPDATED",
        "checkout  boolean  25 % + 1 rule + 2 targets  off      team-shop  shop q1  3 min ago",
        "banner    string   -                          -        team-shop  -        3 min ago",
        "",
      ].join("\n"),
    );
  });

  it("prints the API's page as one JSON document", async () => {
    const { stdout } = await run(routes, ["flags", "list", "--json"]);
    expect(JSON.parse(stdout)).toEqual(routes["GET /api/v1/flags"].body);
  });

  it("follows the pages to their end", async () => {
    const pages = [
      { body: { items: [flagView({ key: "a" })], next: "c1" } },
      { body: { items: [flagView({ key: "b" })] } },
    ];
    const { stdout, seen } = await run({ "GET /api/v1/flags": pages }, ["flags", "list", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ items: [flagView({ key: "a" }), flagView({ key: "b" })] });
    expect(seen.map((request) => request.line)).toEqual(["GET /api/v1/flags", "GET /api/v1/flags?cursor=c1"]);
  });

  it("keeps to one environment when it is named, and knows when there is none of that name", async () => {
    const { stdout } = await run(routes, ["flags", "list", "-e", "staging"]);
    expect(stdout).toContain("STAGING");
    expect(stdout).not.toContain("PRODUCTION");
    const wrong = await run(routes, ["flags", "list", "-e", "prod"]);
    expect(wrong.code).toBe(3);
    expect(wrong.stderr).toContain("the environments are production, staging");
  });

  it("keeps to a tag", async () => {
    expect((await run(routes, ["flags", "list", "--tag", "shop"])).seen[0]?.line).toBe("GET /api/v1/flags?tag=shop");
  });

  it("tells a first user how to make a flag", async () => {
    const { code, stdout, stderr } = await run({ "GET /api/v1/flags": { body: { items: [] } } }, ["flags", "list"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    expect(stderr).toContain("rampart flags create");
  });

  it("fits a narrow terminal", async () => {
    const { stdout } = await run(routes, ["flags", "list"], { terminal: 60, env: { NO_COLOR: "1" } });
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(stdout).toContain("…");
  });
});

describe("flags get", () => {
  it("shows the flag and a line for each environment", async () => {
    const { stdout } = await run({ "GET /api/v1/flags/checkout": { body: flagView({ expectedEnd: "2026-03-31" }) } }, [
      "flags",
      "get",
      "checkout",
    ]);
    expect(stdout).toBe(
      [
        "flag          checkout",
        "type          boolean",
        "description   The new checkout",
        "variants      on = true, off = false",
        "tags          shop q1",
        "owner         team-shop",
        "expected end  2026-03-31",
        "created       2026-01-01 12:00:00 UTC (4 d ago)",
        "updated       2026-01-05 11:57:00 UTC (3 min ago)",
        "",
        "ENVIRONMENT  STATE                      REVISION  LAST ASKED FOR",
        "production   25 % + 1 rule + 2 targets        42  2 min ago",
        "staging      off                               7  not in 30 d",
        "",
      ].join("\n"),
    );
  });

  it("shows the whole configuration of the environment that is named, and what the flag gave in a day", async () => {
    const routes = {
      [`GET ${CONFIG}`]: { body: configView({ leaseMs: 25_000 }) },
      [EVALUATIONS]: { body: evaluationsView() },
    };
    const { stdout } = await run(routes, ["flags", "get", "checkout", "-e", "production"]);
    expect(stdout).toContain("last asked for    2 min ago");
    expect(stdout).toContain("in 24 h           off 9,096, on 3,204, the caller's default 3");
    expect(stdout).toContain("otherwise         25 % on");
    expect(stdout).toContain("lease             25 s without contact, then off");
    expect(stdout).toContain("anna gets on");
    expect(stdout).toContain('germans: country in "de", "at" gets variant on');
  });

  it("prints exactly the API's object as JSON", async () => {
    const flag = await run({ "GET /api/v1/flags/checkout": { body: flagView() } }, [
      "flags",
      "get",
      "checkout",
      "--json",
    ]);
    expect(JSON.parse(flag.stdout)).toEqual(flagView());
    const routes = { [`GET ${CONFIG}`]: { body: configView() }, [EVALUATIONS]: { body: evaluationsView() } };
    const config = await run(routes, ["flags", "get", "checkout", "-e", "production", "--json"]);
    expect(JSON.parse(config.stdout)).toEqual({ ...configView(), evaluations: evaluationsView() });
  });

  it("says so when nobody asks for the flag", async () => {
    const { lastEvaluatedAt: _, ...silent } = evaluationsView({ total: 0, variants: {}, defaults: 0 });
    const routes = { [`GET ${CONFIG}`]: { body: configView() }, [EVALUATIONS]: { body: silent } };
    const { stdout } = await run(routes, ["flags", "get", "checkout", "-e", "production"]);
    expect(stdout).toContain("last asked for    not in 30 d");
    expect(stdout).not.toContain("in 24 h");
  });
});

describe("flags create", () => {
  it("makes a boolean flag and says how to ramp it", async () => {
    const { code, stdout, stderr, seen } = await run({ "POST /api/v1/flags": { status: 201, body: flagView() } }, [
      "flags",
      "create",
      "checkout",
      "--tag",
      "shop",
      "--tag",
      "q1",
      "--owner",
      "team-shop",
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe("created checkout (boolean) in production, staging\n");
    expect(stderr).toContain("rampart flags set checkout 1%");
    expect(seen[0]?.body).toEqual({
      key: "checkout",
      type: "boolean",
      description: "",
      tags: ["shop", "q1"],
      owner: "team-shop",
    });
  });

  it("reads variants as values of their type", async () => {
    const argv = [
      "flags",
      "create",
      "limit",
      "--type",
      "number",
      "--variant",
      "low=10",
      "--variant",
      "high=99.5",
      "--reuse",
    ];
    const { seen } = await run({ "POST /api/v1/flags": { body: flagView() } }, argv);
    expect(seen[0]?.body).toMatchObject({ type: "number", variants: { low: 10, high: 99.5 }, reuse: true });
  });

  it("keeps the variants of a string flag text", async () => {
    const { seen } = await run({ "POST /api/v1/flags": { body: flagView() } }, [
      "flags",
      "create",
      "v",
      "--type",
      "string",
      "--variant",
      "one=1",
      "--variant",
      "yes=true",
    ]);
    expect(seen[0]?.body).toMatchObject({ variants: { one: "1", yes: "true" } });
  });

  it.each([
    ["number", "low=ten", "a number"],
    ["json", "x={", "JSON"],
    ["boolean", "on=1", "true or false"],
  ])("refuses a value that is no %s", async (type, variant, expected) => {
    const { code, stderr, seen } = await run({}, ["flags", "create", "v", "--type", type, "--variant", variant]);
    expect({ code, seen }).toEqual({ code: 2, seen: [] });
    expect(stderr).toContain(expected);
  });

  it("ends with 4 when the key is taken", async () => {
    const { code, stderr } = await run({ "POST /api/v1/flags": problem(409, "FLAG_EXISTS") }, [
      "flags",
      "create",
      "checkout",
    ]);
    expect(code).toBe(4);
    expect(stderr).toContain("rampart flags get checkout");
  });
});

describe("flags set with a percentage", () => {
  const routes = { [`POST ${CONFIG}/rollout`]: { body: rampView() } };

  it.each([
    [["25"], 25],
    [["25%"], 25],
    [["--percentage", "0.001"], 0.001],
    [["5", "--percentage", "5%"], 5],
  ])("%j ramps", async (argv, percentage) => {
    const { code, stdout, seen } = await run(routes, ["flags", "set", "checkout", ...argv]);
    expect(code).toBe(0);
    expect(stdout).toBe("checkout in production: 5 % → 25 % (revision 43)\n");
    expect(seen.map(({ line, body }) => ({ line, body }))).toEqual([
      { line: `POST ${CONFIG}/rollout`, body: { percentage } },
    ]);
  });

  it("sends the reason, to the environment that is named", async () => {
    const staging = "POST /api/v1/environments/staging/flags/checkout/rollout";
    const { seen } = await run({ [staging]: { body: rampView({ environment: "staging" }) } }, [
      "flags",
      "set",
      "checkout",
      "25",
      "--reason",
      "CHG-7",
      "-e",
      "staging",
    ]);
    expect(seen[0]?.body).toEqual({ percentage: 25, reason: "CHG-7" });
  });

  it("takes the environment from RAMPART_ENVIRONMENT, unless the option names another", async () => {
    const staging = { "POST /api/v1/environments/staging/flags/checkout/rollout": { body: rampView() } };
    const env = { RAMPART_ENVIRONMENT: "staging" };
    expect((await run(staging, ["flags", "set", "checkout", "25"], { env })).code).toBe(0);
    expect((await run(routes, ["flags", "set", "checkout", "25", "--environment", "production"], { env })).code).toBe(
      0,
    );
  });

  it("says when there was nothing to change", async () => {
    const { code, stdout } = await run({ [`POST ${CONFIG}/rollout`]: { body: rampView({ changed: false }) } }, [
      "flags",
      "set",
      "checkout",
      "25",
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe("checkout in production: at 25 % already (revision 43)\n");
  });

  it("says how to restore a flag that was killed", async () => {
    const { code, stderr } = await run({ [`POST ${CONFIG}/rollout`]: problem(409, "FLAG_DISABLED") }, [
      "flags",
      "set",
      "checkout",
      "25",
    ]);
    expect(code).toBe(4);
    expect(stderr).toContain("rampart flags restore checkout");
  });

  it("prints exactly the API's object as JSON", async () => {
    const { stdout, stderr } = await run(routes, ["flags", "set", "checkout", "25", "--json"]);
    expect(JSON.parse(stdout)).toEqual(rampView());
    expect(stderr).toBe("");
  });
});

describe("flags set with anything else", () => {
  const routes = {
    [`GET ${CONFIG}`]: { body: configView() },
    [`PATCH ${CONFIG}`]: { body: configView({ revision: 43 }) },
  };

  it.each([
    [["--enable"], { enabled: true }],
    [["--disable", "--reason", "night"], { enabled: false, reason: "night" }],
    [["--variant", "on"], { fallthrough: { variant: "on" } }],
    [["--client-visible"], { clientVisible: true }],
    [["--no-client-visible"], { clientVisible: false }],
    [
      ["--target", "bert=on", "--target", "x=y=on", "--untarget", "anna"],
      { targets: { bert: "on", x: "y=on", anna: null } },
    ],
    [["5", "--enable"], { enabled: true, fallthrough: { percentage: 5 } }],
  ])("%j edits, from the revision that was read", async (argv, body) => {
    const { code, seen } = await run(routes, ["flags", "set", "checkout", ...argv]);
    expect(code).toBe(0);
    expect(seen.map((request) => request.line)).toEqual([`GET ${CONFIG}`, `PATCH ${CONFIG}`]);
    expect(seen[1]?.body).toEqual(body);
    expect(seen[1]?.headers["if-match"]).toBe('"42"');
  });

  it("says when browsers begin or cease to know of it", async () => {
    const shown = { [`PATCH ${CONFIG}`]: { body: configView({ revision: 43, clientVisible: true }) } };
    const { stdout } = await run({ ...routes, ...shown }, ["flags", "set", "checkout", "--client-visible"]);
    expect(stdout).toContain("; browsers may know of it now (revision 43)");
  });

  it("takes a patch from a file, or from stdin", async () => {
    const file = join(temporaryFolder(), "patch.json");
    writeFileSync(file, '{"rules":[],"targets":{"anna":"off"}}');
    const fromFile = await run(routes, ["flags", "set", "checkout", "--file", file, "--target", "bert=on"]);
    expect(fromFile.seen[1]?.body).toEqual({ rules: [], targets: { anna: "off", bert: "on" } });
    const fromStdin = await run(routes, ["flags", "set", "checkout", "--file", "-"], { stdin: '{"rules":[]}' });
    expect(fromStdin.seen[1]?.body).toEqual({ rules: [] });
  });

  it("ends with 4 and the differences when somebody was faster", async () => {
    const differences = [{ pointer: "/fallthrough/percentage", yours: 25, current: 50 }];
    const { code, stderr } = await run(
      { ...routes, [`PATCH ${CONFIG}`]: problem(409, "REVISION_CONFLICT", { differences }) },
      ["flags", "set", "checkout", "--disable"],
    );
    expect(code).toBe(4);
    expect(stderr).toContain("/fallthrough/percentage: yours 25, there now 50");
  });

  it("holds on to the revision that the user saw, also for a percentage", async () => {
    const { seen } = await run(routes, ["flags", "set", "checkout", "5", "--if-revision", "40"]);
    expect(seen[1]?.headers["if-match"]).toBe('"40"');
    expect(seen[1]?.body).toEqual({ fallthrough: { percentage: 5 } });
  });

  it.each([
    [[], "nothing to set was given"],
    [["--enable", "--disable"], "contradict"],
    [["5", "--variant", "on"], "contradict"],
    [["5", "--percentage", "6"], "two percentages were given: 5 and 6"],
    [["--target", "anna"], '--target "anna" is not of the form name=value'],
    [["--file", "/nonexistent/patch.json"], "can't read /nonexistent/patch.json: there is no such file"],
    [["--file", "-"], "stdin is not JSON"],
    [["--if-revision", "x", "5"], "whole number"],
  ])("%j is refused before anything is sent", async (argv, message) => {
    const { code, stderr, seen } = await run(routes, ["flags", "set", "checkout", ...argv]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
    expect(seen).toEqual([]);
  });
});

describe("flags kill and restore", () => {
  it("takes the flag from everybody without a question", async () => {
    const { code, stdout, stderr, asked, seen } = await run(
      { [`POST ${CONFIG}/kill`]: { body: rampView({ enabled: false, percentage: 0, previousPercentage: 25 }) } },
      ["flags", "kill", "checkout", "--reason", "errors"],
      { terminal: 80, env: { NO_COLOR: "1" } },
    );
    expect({ code, asked }).toEqual({ code: 0, asked: [] });
    expect(stdout).toBe("checkout in production: off for everybody, was 25 % (revision 43)\n");
    expect(stderr).toContain("rampart flags restore checkout");
    expect(seen[0]?.body).toEqual({ reason: "errors" });
  });

  it("is satisfied when somebody else was faster", async () => {
    const { code, stdout } = await run(
      { [`POST ${CONFIG}/kill`]: { body: rampView({ enabled: false, changed: false }) } },
      ["flags", "kill", "checkout"],
    );
    expect(code).toBe(0);
    expect(stdout).toContain("off for everybody already");
  });

  it("restores to what was there before", async () => {
    const { code, stdout } = await run({ [`POST ${CONFIG}/restore`]: { body: rampView({ previousPercentage: 0 }) } }, [
      "flags",
      "restore",
      "checkout",
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe("checkout in production: 0 % → 25 % (revision 43)\n");
  });
});

describe("flags archive", () => {
  const routes = {
    "GET /api/v1/flags/checkout": { body: flagView() },
    "DELETE /api/v1/flags/checkout": { status: 204 },
  };

  it("asks on a terminal when somebody has the flag, and leaves it alone unless the answer is yes", async () => {
    const no = await run(routes, ["flags", "archive", "checkout"], { terminal: 80, answers: [""] });
    expect(no.code).toBe(1);
    expect(no.asked).toEqual([expect.stringContaining("checkout is on in production")]);
    expect(no.seen).toHaveLength(1);
    const yes = await run(routes, ["flags", "archive", "checkout"], { terminal: 80, answers: ["y"] });
    expect({ code: yes.code, stdout: yes.stdout }).toEqual({ code: 0, stdout: "archived checkout\n" });
  });

  it("asks nothing without a terminal, with --yes, and when nobody has the flag", async () => {
    expect((await run(routes, ["flags", "archive", "checkout"])).code).toBe(0);
    const yes = await run(routes, ["flags", "archive", "checkout", "--yes", "--reason", "it is done"], {
      terminal: 80,
    });
    expect({ code: yes.code, asked: yes.asked }).toEqual({ code: 0, asked: [] });
    expect(yes.seen[1]?.line).toBe("DELETE /api/v1/flags/checkout?reason=it+is+done");
    const unused = {
      ...routes,
      "GET /api/v1/flags/checkout": {
        body: flagView({
          environments: { production: { enabled: false, percentage: 0, rules: 3, targets: 1, revision: 1 } },
        }),
      },
    };
    expect((await run(unused, ["flags", "archive", "checkout"], { terminal: 80 })).asked).toEqual([]);
  });
});
