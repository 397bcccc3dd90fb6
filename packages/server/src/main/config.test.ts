import { describe, expect, it } from "vitest";
import { describeSettings, loadConfig } from "./config.ts";

const configOf = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const loaded = loadConfig(args, env);
  if (loaded.kind === "invalid") throw new Error(JSON.stringify(loaded.errors));
  return loaded.config;
};
const errorsOf = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const loaded = loadConfig(args, env);
  return loaded.kind === "invalid" ? loaded.errors : [];
};

describe("the configuration", () => {
  it("has a safe default for everything: this machine only, tokens needed", () => {
    const { variables: _, ...config } = configOf([]);
    expect(config).toEqual({
      port: 4001,
      host: "127.0.0.1",
      dataDir: "./.rampart",
      databaseUrl: undefined,
      databaseListen: true,
      secret: undefined,
      replicaId: "",
      dev: false,
      logLevel: "info",
      streamsMax: 25_000,
      admission: { perSecond: 5_000, burst: 20_000 },
      requestsPerSecond: 2_000,
      trustedProxies: [],
      publicMetrics: false,
      prometheusUrl: undefined,
      egressAllow: [],
      egressPrivate: false,
      channels: new Map(),
      publicUrl: undefined,
      retentionDays: 90,
    });
  });

  it("lets metrics go to private networks in development mode", () => {
    expect(configOf(["--dev"])).toMatchObject({ egressPrivate: true });
    expect(configOf(["--egress-allow", "prometheus.example, 10.0.0.0/8"])).toMatchObject({
      egressAllow: ["prometheus.example", "10.0.0.0/8"],
      egressPrivate: false,
    });
  });

  it("takes a database only with the secret that its servers share, and repeats neither", () => {
    const url = "postgres://me:pa55word@db.example/rampart";
    const secret = "s".repeat(32);
    const both = { RAMPART_DATABASE_URL: url, RAMPART_SECRET: secret };
    expect(configOf(["--replica-id", "a-1"], both)).toMatchObject({ databaseUrl: url, secret, replicaId: "a-1" });
    expect(errorsOf([], { RAMPART_DATABASE_URL: url })).toEqual([
      { where: "RAMPART_SECRET", detail: expect.stringContaining("openssl rand -hex 32") as string },
    ]);
    const wrong = [
      errorsOf([], { ...both, RAMPART_DATABASE_URL: "mysql://me:pa55word@db.example/rampart" }),
      errorsOf([], { ...both, RAMPART_DATABASE_URL: "postgres://me:pa55word@db.example" }),
      errorsOf([], { ...both, RAMPART_SECRET: "pa55word" }),
    ];
    expect(wrong.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(JSON.stringify(wrong)).not.toContain("pa55word");
    expect(errorsOf(["--replica-id", "a b"])[0]?.detail).toContain("letters, digits");
  });

  it("hands plans the variables that they may use, and none of the server's own", () => {
    const env = { HEALTH_TOKEN: "t", HOME: "h", RAMPART_OTHER: "secret" };
    const used = (args: readonly string[]) =>
      ["HEALTH_TOKEN", "HOME", "RAMPART_OTHER", "NONE"].map(configOf(args, env).variables);
    expect(used([])).toEqual(["t", "h", undefined, undefined]);
    expect(used(["--plan-variables", "HEALTH_*"])).toEqual(["t", undefined, undefined, undefined]);
    expect(used(["--plan-variables", "HOME,RAMPART_*"])).toEqual([undefined, "h", undefined, undefined]);
    expect(used(["--plan-variables="])).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("refuses a Prometheus that is no address, or that carries a password", () => {
    expect(configOf(["--prometheus-url", "http://prometheus:9090"]).prometheusUrl).toBe("http://prometheus:9090");
    expect(errorsOf(["--prometheus-url", "prometheus:9090"])[0]?.detail).toContain("give an address");
    expect(errorsOf(["--prometheus-url", "http://me:secret@prometheus:9090"])[0]?.detail).not.toContain("secret");
  });

  it("is read from variables, and a flag beats its variable", () => {
    const env = {
      RAMPART_PORT: "5000",
      RAMPART_HOST: "0.0.0.0",
      RAMPART_DATA_DIR: "/var/lib/rampart",
      RAMPART_DEV: "true",
      RAMPART_LOG_LEVEL: "WARN",
    };
    expect(configOf([], env)).toMatchObject({
      port: 5000,
      host: "0.0.0.0",
      dataDir: "/var/lib/rampart",
      dev: true,
      logLevel: "warn",
    });
    expect(configOf(["--port", "6000", "--dev=false"], env)).toMatchObject({ port: 6000, dev: false });
  });

  it("takes switches without a value, and values after a space or an equals sign", () => {
    expect(configOf(["--dev", "--port=0", "--data-dir", "x"])).toMatchObject({ dev: true, port: 0, dataDir: "x" });
  });

  it("tells all that is wrong at once, with the value and where it was given", () => {
    const errors = errorsOf(["--port", "seventy", "--log-level", "loud", "--prot", "1", "run"], {
      RAMPART_STREAMS_MAX: "0",
      RAMPART_DEV: "perhaps",
      RAMPART_TRUSTED_PROXIES: "10.0.0.0/8, office",
    });
    const byPlace = Object.fromEntries(errors.map(({ where, detail }) => [where, detail]));
    expect(byPlace).toMatchObject({
      "--port": expect.stringMatching(/"seventy".*0 to 65535/) as string,
      "--log-level": expect.stringMatching(/"loud".*debug, info/) as string,
      "--prot": expect.stringContaining("no setting") as string,
      run: expect.stringContaining("no flag") as string,
      RAMPART_STREAMS_MAX: expect.stringMatching(/"0".*1 to/) as string,
      RAMPART_DEV: expect.stringMatching(/"perhaps".*true or false/) as string,
      RAMPART_TRUSTED_PROXIES: expect.stringContaining('"office"') as string,
    });
  });

  it("refuses a flag without its value, and an empty folder", () => {
    expect(errorsOf(["--host"])).toMatchObject([{ where: "--host", detail: "needs a value" }]);
    expect(errorsOf([], { RAMPART_DATA_DIR: " " })).toMatchObject([
      { where: "RAMPART_DATA_DIR", detail: expect.stringContaining("empty") as string },
    ]);
  });

  it("describes each setting for people", () => {
    expect(describeSettings()).toContainEqual({
      flag: "--port",
      variable: "RAMPART_PORT",
      fallback: "4001",
      help: expect.any(String) as string,
    });
  });
});
