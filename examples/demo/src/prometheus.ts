import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, stop, untilAnswers } from "./processes.ts";

/** A Prometheus that scrapes the sample service once a second. */
export interface Prometheus {
  readonly url: string;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;

/** Starts the `prometheus` on the PATH; rejects with what to do when there is none. */
export async function startPrometheus(metricsUrl: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "rampart-demo-prometheus-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const config = join(folder, "prometheus.yml");
  const target = new URL(metricsUrl).host;
  await writeFile(
    config,
    `global: { scrape_interval: 1s }\nscrape_configs:\n  - { job_name: sample-service, static_configs: [ { targets: ["${target}"] } ] }\n`,
  );
  const child = spawn(
    "prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    {
      stdio: "ignore",
    },
  );
  const failed = new Promise<never>((_, reject) => {
    child.once("error", () =>
      reject(
        new Error(
          "there is no prometheus on the PATH: install it (Debian: apt-get install prometheus), or run the demo without --prometheus",
        ),
      ),
    );
  });
  const close = async () => {
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  const isUp = await Promise.race([untilAnswers(`${url}/-/ready`, child, START_TIMEOUT_MS), failed]);
  if (isUp) return { url, close };
  await close();
  throw new Error(`Prometheus did not become ready within ${START_TIMEOUT_MS / 1000} s`);
}
