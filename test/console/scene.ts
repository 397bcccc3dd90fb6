/** A server on an ordinary day: rollouts in every state, clients that are connected, something that needs a person. */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { api, eventually, SdkFleet } from "../e2e/harness.ts";
import { CALM_STAGES, Desk, STAGES } from "./harness.ts";

/** The rollouts of the scene by what they are at. */
export interface Scene {
  readonly desk: Desk;
  readonly running: string;
  readonly awaiting: string;
  readonly paused: string;
  readonly rolledBack: string;
  readonly comparing: string;
  /** Of an operator who may approve. */
  readonly lead: string;
  readonly stop: () => Promise<void>;
}

const SAMPLES_MS = 25_000;

const HOUR_MS = 3_600_000;

/** The server's own. */
const Database = createRequire(new URL("../../packages/server/package.json", import.meta.url))(
  "better-sqlite3",
) as new (path: string) => { exec(sql: string): void; close(): void };

/** Sets the scene; it takes half a minute, so that curves have something to show. */
export async function setScene(): Promise<Scene> {
  const desk = await Desk.start();
  const { server } = desk;
  await definitions(desk);
  evaluations(desk, "dark-mode");
  const fleet = new SdkFleet({
    url: server.url,
    sdkKey: server.tokens().server,
    flag: "new-search",
    processes: 1,
    clients: 12,
  });
  await fleet.ready();
  const rolledBack = await desk.rollout("sliceB_documents", desk.plan("sliceB_documents", CALM_STAGES));
  await desk.isAt(rolledBack, "running");
  const running = await desk.rollout("new-search", desk.plan("new-search", CALM_STAGES).replace("for: 3s", "for: 10m"));
  const awaiting = await desk.rollout("checkout", desk.plan("checkout", STAGES).replace("for: 3s", "for: 10m"));
  const paused = await desk.rollout("spark-ui", desk.plan("spark-ui", CALM_STAGES).replace("for: 3s", "for: 10m"));
  await desk.isAt(paused, "running");
  await desk.tell(paused, "pause", { reason: "support asked for a moment" });
  const comparing = await desk.rollout("upload-v2", COMPARED);
  const users = await serve(desk, "upload-v2");
  users.send({ on: 0.012, off: 0.01 });
  await eventually(async () => (await desk.view(comparing)).comparisons[0]?.standing === "compared", 40_000);
  await new Promise((resolve) => setTimeout(resolve, SAMPLES_MS));
  desk.metrics.isBad = true;
  await eventually(async () => (await desk.view(rolledBack)).percentage === 0, 20_000);
  desk.metrics.isBad = false;
  await desk.isAt(rolledBack, "rolledBack");
  const lead = await desk.token({ kind: "operator", name: "Lea", environments: ["*"], roles: ["engineering-lead"] });
  return {
    desk,
    running,
    awaiting,
    paused,
    rolledBack,
    comparing,
    lead,
    stop: async () => {
      const exit = once(users, "exit");
      users.disconnect();
      await Promise.all([exit, fleet.close()]);
      await desk.stop();
    },
  };
}

const COMPARED = `apiVersion: rampart/v1
kind: RolloutPlan
metadata: { name: upload-v2, title: "Uploads, compared with those who lack it" }
spec:
  flag: upload-v2
  environment: production
  interval: 1s
  metrics:
    failing: { sdk: { measure: error_rate, cohort: on, window: 5s, minEvents: 20 } }
  triggers:
    - { name: regression, compare: failing, action: notify, severity: P1 }
  stages:
    - { name: canary, percentage: 20, duration: 30m }
    - { name: full, percentage: 100, duration: 30m }
`;

async function definitions(desk: Desk): Promise<void> {
  const { server } = desk;
  const post = (path: string, body: object): Promise<unknown> => api(server, "POST", path, body);
  await desk.flag("dark-mode", { description: "Colours for the night", owner: "design", tags: ["ui"] });
  await desk.flag("legacy-export", { owner: "reports", expectedEnd: "2025-06-30", tags: ["cleanup"] });
  await post("/api/v1/segments", { key: "beta", description: "Those who asked for it", included: ["ann", "bob"] });
  await api(server, "PATCH", "/api/v1/environments/production/flags/dark-mode", {
    targets: { ann: "on", "user-17": "off" },
    rules: [
      {
        id: "south",
        clauses: [
          { attribute: "country", op: "in", values: ["DE", "AT"], negate: false },
          { attribute: "targetingKey", op: "inSegment", values: ["beta"], negate: true },
        ],
        serve: { percentage: 50 },
      },
    ],
    fallthrough: { percentage: 12.5 },
    reason: "begin in the south",
  });
  await post("/api/v1/environments/production/flags/legacy-export/kill", { reason: "exports were empty" });
  await post("/api/v1/tokens", { kind: "viewer", name: "Wall screen", environments: ["*"], roles: [] });
  await api(server, "PUT", "/api/v1/channels/eng-slack", { type: "slack", url: "http://127.0.0.1:9/slack" });
}

/** A week in which a flag was asked for, more by day than by night: the server takes such things only as they happen. */
function evaluations({ server }: Desk, flag: string): void {
  const present = Date.now() - (Date.now() % HOUR_MS);
  const rows = Array.from({ length: 7 * 24 }, (_, index) => {
    const hour = present - (index + 1) * HOUR_MS;
    const busy = Math.round(4_000 + 3_000 * Math.sin(((hour / HOUR_MS - 9) * Math.PI) / 12));
    const rest = (variant: string, count: number): string =>
      `('${flag}', 'production', ${hour}, '${variant}', ${count}, ${hour + HOUR_MS - 1})`;
    return `${rest("on", Math.round(busy / 7))}, ${rest("off", busy)}`;
  });
  const db = new Database(join(server.dataDir, "rampart.db"));
  db.exec(`INSERT INTO evaluations (flag, environment, hour, variant, count, last_at) VALUES ${rows.join(", ")}`);
  db.close();
}

async function serve(desk: Desk, flag: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("../e2e/measured-process.mjs", import.meta.url));
  const options = { url: desk.server.url, sdkKey: desk.server.tokens().server, flag, clients: 2 };
  const child = fork(program, [JSON.stringify(options)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}
