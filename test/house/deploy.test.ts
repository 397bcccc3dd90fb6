/**
 * What can't be run here is checked by what it says: the image, the compose file and the manifests against each other and against the
 * server's own settings; rules and dashboard against the names of the server's own metrics, and the rules by promtool.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { describeSettings, loadConfig } from "../../packages/server/src/main/config.ts";
import { describeRelaySettings } from "../../packages/server/src/main/relay/config.ts";
import { startTestServer } from "../../packages/server/src/testing/test-server.ts";

const ROOT = new URL("../../", import.meta.url);
const pathOf = (path: string): string => fileURLToPath(new URL(path, ROOT));
const read = (path: string): string => readFileSync(pathOf(path), "utf8");
const yaml = createRequire(pathOf("packages/server/package.json"))("yaml") as {
  parse(text: string, options?: object): unknown;
  parseAllDocuments(text: string): readonly { readonly errors: readonly Error[]; toJSON(): unknown }[];
};

/** What stands at a place in a document; undefined when there is nothing. */
function at(document: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as { readonly [key: string]: unknown } | undefined)?.[key],
    document,
  );
}
const listAt = (document: unknown, ...path: readonly (string | number)[]): readonly unknown[] =>
  (at(document, ...path) ?? []) as readonly unknown[];

const variables = new Set(describeSettings().map(({ variable }) => variable));
const dockerfile = read("Dockerfile");
const compose = yaml.parse(read("deploy/compose.yaml"), { merge: true });
const services = at(compose, "services") as { readonly [name: string]: unknown };
const manifests = listAt(yaml.parse(read("deploy/kubernetes/kustomization.yaml")), "resources")
  .flatMap((name) => yaml.parseAllDocuments(read(`deploy/kubernetes/${String(name)}`)))
  .map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJSON();
  });
const ofKind = (kind: string): readonly unknown[] => manifests.filter((manifest) => at(manifest, "kind") === kind);
const one = (kind: string): unknown => {
  const [found, ...others] = ofKind(kind);
  if (found === undefined || others.length > 0) throw new Error(`there is not exactly one ${kind}`);
  return found;
};

describe("the image", () => {
  it("is of Node 24, not root, and asks itself whether it is healthy", () => {
    expect(dockerfile.match(/^FROM .*$/gm)).toEqual([
      "FROM node:24-bookworm-slim AS build",
      "FROM node:24-bookworm-slim",
    ]);
    const [, runtime = ""] = dockerfile.split("FROM node:24-bookworm-slim\n");
    expect(runtime).toMatch(/^USER 1000:1000$/m);
    expect(runtime).toMatch(/^HEALTHCHECK [\s\S]*\/health/m);
    expect(runtime).toMatch(/^STOPSIGNAL SIGTERM$/m);
    // In the exec form: a shell in between would keep the signal to itself.
    expect(runtime).toContain('ENTRYPOINT ["node", "/app/dist/bin.js"]\nCMD ["server"]');
    expect(runtime).not.toMatch(/apt-get|npm|COPY \./);
  });

  it("is built with the package manager of the workspace", () => {
    const [, version] = /"(pnpm@[\d.]+)"/.exec(read("scripts/setup.mjs")) ?? [];
    expect(new Set(dockerfile.match(/pnpm@[\d.]+/g))).toEqual(new Set([version]));
  });
});

it("everything that is set is a setting", () => {
  const texts = [
    dockerfile,
    ...readdirSync(pathOf("deploy/kubernetes")).map((name) => read(`deploy/kubernetes/${name}`)),
  ];
  const used = [...texts, read("deploy/compose.yaml")].flatMap((text) => text.match(/RAMPART_[A-Z_]+/g) ?? []);
  expect(used.length).toBeGreaterThan(15);
  expect(used.filter((name) => !variables.has(name))).toEqual([]);
});

describe("the relay's compose file", () => {
  const file = read("deploy/relay.yaml");

  it("sets what is a setting of relays, and what they can't do without", () => {
    const known = describeRelaySettings().map(({ variable }) => variable);
    const set = Object.keys(at(yaml.parse(file), "services", "relay", "environment") as object);
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
    expect(set).toEqual(expect.arrayContaining(["RAMPART_RELAY_UPSTREAM", "RAMPART_RELAY_KEYS"]));
  });

  it("listens on this machine alone, keeps nothing, and holds no key", () => {
    const relay = at(yaml.parse(file), "services", "relay");
    expect(listAt(relay, "ports")).toEqual([expect.stringMatching(/^127\.0\.0\.1:/)]);
    expect(at(relay, "volumes")).toBeUndefined();
    expect(file).not.toMatch(/RAMPART_RELAY_KEYS: (?!\$\{)/);
  });
});

describe("the compose file", () => {
  it("has two servers, their database, and what watches them", () => {
    expect(Object.keys(services)).toEqual([
      "rampart-1",
      "rampart-2",
      "postgres",
      "prometheus",
      "alertmanager",
      "grafana",
    ]);
  });

  it("gives both servers the same database and secret, and each a name of its own", () => {
    const [first, second] = ["rampart-1", "rampart-2"].map((name) => at(services, name, "environment") as object);
    expect({ ...first, RAMPART_REPLICA_ID: "" }).toEqual({ ...second, RAMPART_REPLICA_ID: "" });
    expect(at(first, "RAMPART_REPLICA_ID")).not.toBe(at(second, "RAMPART_REPLICA_ID"));
  });

  it("listens on this machine alone, and holds no password", () => {
    for (const [name, service] of Object.entries(services))
      for (const port of listAt(service, "ports"))
        expect([name, port]).toEqual([name, expect.stringMatching(/^127\.0\.0\.1:/)]);
    expect(read("deploy/compose.yaml")).not.toMatch(/(?:PASSWORD|SECRET): (?!\$\{)/);
  });

  it("mounts files that there are", () => {
    const mounted = read("deploy/compose.yaml").match(/\.\.\/examples\/[^:"]+/g) ?? [];
    expect(mounted.length).toBeGreaterThanOrEqual(5);
    for (const path of mounted) expect(() => readdirSync(pathOf(`deploy/${path}`))).not.toThrow(/ENOENT/);
  });
});

describe("the manifests", () => {
  const pod = at(one("Deployment"), "spec", "template", "spec");
  const container = at(pod, "containers", 0);

  it("are a deployment of two, its budget, its network policy, its services and its settings", () => {
    expect(manifests.map((manifest) => at(manifest, "kind"))).toEqual([
      "ConfigMap",
      "Secret",
      "Deployment",
      "Service",
      "Service",
      "PodDisruptionBudget",
      "NetworkPolicy",
    ]);
    expect(at(one("Deployment"), "spec", "replicas")).toBe(2);
    expect(at(one("PodDisruptionBudget"), "spec", "minAvailable")).toBe(1);
  });

  it("run as nobody in particular, and can write nothing but their data", () => {
    expect(at(pod, "securityContext")).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    expect(at(container, "securityContext")).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(at(pod, "automountServiceAccountToken")).toBe(false);
  });

  it("send no traffic to a server that is not ready, and never restart one because its database is gone", () => {
    expect(at(container, "readinessProbe", "httpGet")).toEqual({ path: "/ready", port: "http" });
    expect(at(container, "livenessProbe", "httpGet")).toEqual({ path: "/live", port: "http" });
    const emergency = ofKind("Service").find((service) => at(service, "metadata", "name") === "rampart-emergency");
    expect(at(emergency, "spec", "publishNotReadyAddresses")).toBe(true);
  });

  it("mean the same pods throughout", () => {
    const labels = { "app.kubernetes.io/name": "rampart" };
    expect(at(one("Deployment"), "spec", "template", "metadata", "labels")).toEqual(labels);
    expect(at(one("Deployment"), "spec", "selector")).toEqual({ matchLabels: labels });
    expect(at(one("PodDisruptionBudget"), "spec", "selector")).toEqual({ matchLabels: labels });
    expect(at(one("NetworkPolicy"), "spec", "podSelector")).toEqual({ matchLabels: labels });
    for (const service of ofKind("Service")) expect(at(service, "spec", "selector")).toEqual(labels);
  });

  it("can't be used with the secret of the example, by which anybody could sign", () => {
    const env = { ...(at(one("ConfigMap"), "data") as object), ...(at(one("Secret"), "stringData") as object) };
    const loaded = loadConfig([], env);
    expect(loaded).toMatchObject({ kind: "invalid", errors: [{ where: "RAMPART_SECRET" }] });
    expect(loadConfig([], { ...env, RAMPART_SECRET: "f".repeat(64) }).kind).toBe("config");
  });

  it("let nobody reach a metadata service", () => {
    const policy = at(one("NetworkPolicy"), "spec");
    expect(at(policy, "policyTypes")).toEqual(["Ingress", "Egress"]);
    const open = listAt(policy, "egress")
      .flatMap((rule) => listAt(rule, "to"))
      .flatMap((to) => at(to, "ipBlock") ?? []);
    expect(open).toHaveLength(1);
    for (const block of open) expect(at(block, "except")).toContain("169.254.0.0/16");
  });
});

const FOLDER = "examples/observability/";
const isInstalled = spawnSync("promtool", ["--version"]).status === 0;
if (!isInstalled && process.env["CI"] === "true") throw new Error("promtool is missing: install Debian's prometheus");

describe("what watches the servers", () => {
  it.skipIf(!isInstalled)("is right by promtool: rules, when each fires, and configuration", () => {
    for (const args of [
      ["check", "rules", "rules.yml"],
      ["test", "rules", "rules.test.yml"],
      ["check", "config", "--syntax-only", "prometheus.yml"],
    ]) {
      const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: pathOf(FOLDER), encoding: "utf8" });
      expect([args, status, stdout + stderr]).toEqual([args, 0, expect.any(String)]);
    }
  });

  it("has a test for each alert", () => {
    const alerts = [...read(`${FOLDER}rules.yml`).matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    const tested = [...read(`${FOLDER}rules.test.yml`).matchAll(/alertname: (\w+)\n\s+exp_alerts/g)].map(
      ([, name]) => name,
    );
    expect(tested.toSorted()).toEqual(alerts.toSorted());
    for (const alert of alerts) expect(read("docs/operations.md")).toContain(`\`${alert}\``);
  });

  it("asks only for metrics and labels that a server has", async () => {
    const server = await startTestServer();
    const { text } = await server.call("GET /metrics");
    const names = new Set(text.match(/^# TYPE \w+/gm)?.map((line) => line.slice("# TYPE ".length)));
    const asked = ["rules.yml", "rules.test.yml", "grafana/rampart.json"].flatMap(
      (file) => read(FOLDER + file).match(/\brampart_\w+/g) ?? [],
    );
    expect(asked.length).toBeGreaterThan(40);
    expect(asked.filter((name) => !names.has(name.replace(/_bucket$/, "")))).toEqual([]);
  });

  it("has a dashboard whose panels ask for something, each in its place", () => {
    const panels = listAt(JSON.parse(read(`${FOLDER}grafana/rampart.json`)), "panels");
    expect(panels.length).toBeGreaterThanOrEqual(12);
    expect(new Set(panels.map((panel) => at(panel, "id"))).size).toBe(panels.length);
    for (const panel of panels) {
      const asked = listAt(panel, "targets").map((target) => at(target, "expr"));
      expect(asked.length).toBeGreaterThan(0);
      for (const query of asked) expect(query).toContain("rampart_");
      expect(Number(at(panel, "gridPos", "x")) + Number(at(panel, "gridPos", "w"))).toBeLessThanOrEqual(24);
    }
  });
});
