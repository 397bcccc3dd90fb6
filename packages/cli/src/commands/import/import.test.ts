import { describe, expect, it } from "vitest";
import { fakeApi, flagView } from "../../testing/fake-api.ts";
import { rampart, type Outcome } from "../../testing/fake-io.ts";

const variation = (value: boolean) => ({ _id: String(value), value });
const config = { on: true, offVariation: 1, fallthrough: { variation: 0 } };
const flag = (key: string, more: object = {}) => ({
  key,
  variations: [variation(true), variation(false)],
  environments: { production: config },
  ...more,
});
/** One flag that goes over, one that can't, two in the archive. */
const LAUNCHDARKLY = {
  items: [
    flag("shop"),
    flag("fleet", { environments: { production: { ...config, fallthrough: {} } } }),
    flag("old", { archived: true }),
    flag("older", { archived: true }),
  ],
};
const FLAGD = { flags: { shop: { state: "ENABLED", variants: { on: true, off: false }, defaultVariant: "on" } } };

async function importing(file: object, ...options: readonly string[]): Promise<Outcome> {
  const { url } = await fakeApi({
    "GET /api/v1/environments": { body: { items: [{ key: "production" }] } },
    "GET /api/v1/segments": { body: { items: [] } },
    "GET /api/v1/flags": { body: { items: [] } },
    "POST /api/v1/flags": { status: 201, body: flagView({ key: "shop" }) },
    "PATCH /api/v1/environments/production/flags/shop": { body: {} },
  });
  const env = { RAMPART_URL: url, RAMPART_TOKEN: "token" };
  return rampart(["import", "-", ...options], { stdin: JSON.stringify(file), env });
}

describe("rampart import", () => {
  it("tells which flags stay in the archive there, in words and in JSON", async () => {
    expect((await importing(LAUNCHDARKLY)).stdout).toContain("in the archive there, and left there: 2 (old, older)\n");
    expect(JSON.parse((await importing(LAUNCHDARKLY, "--json")).stdout)).toMatchObject({ archived: ["old", "older"] });
    const archiveAlone = await importing({ items: [flag("old", { archived: true })] });
    expect([archiveAlone.code, archiveAlone.stdout]).toEqual([0, expect.stringContaining("left there: 1 (old)")]);
    expect((await importing(LAUNCHDARKLY, "--only", "old")).stderr).toContain("in the archive there: old");
  });

  it("says first that a file looks like another format than the one that was said", async () => {
    const wrong = await importing(FLAGD, "--from", "launchdarkly");
    expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toContain("stdin looks like flagd, and no flag of it can be read as launchdarkly");
    expect(wrong.stderr).toContain("say --from flagd");
    const none = await importing(LAUNCHDARKLY, "--from", "unleash");
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("it looks like launchdarkly")]);
    const exported = await importing(FLAGD, "--from", "rampart");
    expect([exported.code, exported.stderr]).toEqual([2, expect.stringContaining("looks like flagd")]);
    expect((await importing(FLAGD, "--from", "flagd")).stderr).not.toContain("looks like");
  });

  it("reads a file as what it is said to be, where it holds flags of that, too", async () => {
    const both = { ...LAUNCHDARKLY, flags: undefined, features: { shop: { defaultValue: true } } };
    const { code, stderr, stdout } = await importing(both, "--from", "growthbook");
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("stdin looks like launchdarkly, and is read as growthbook"),
    ]);
    expect(stdout).toContain("growthbook → production: 1 create");
  });

  it("fails where something stayed behind, if it was asked to, after it did the rest", async () => {
    expect((await importing(LAUNCHDARKLY)).code).toBe(0);
    for (const options of [[], ["--apply"]])
      for (const word of ["cannot", "differs"]) {
        const { code, stdout, stderr } = await importing(LAUNCHDARKLY, ...options, "--fail-on", word);
        expect([code, stdout]).toEqual([1, expect.stringContaining("1 create, 1 cannot")]);
        expect(stderr).toContain("1 did not go over: fleet");
      }
    expect((await importing(LAUNCHDARKLY, "--apply", "--only", "shop", "--fail-on", "cannot")).code).toBe(0);
    expect((await importing(LAUNCHDARKLY, "--fail-on", "lost")).code).toBe(2);
  });
});
