import { defineConfig } from "vitest/config";

/** `source` makes `@rampart/*` resolve to `src`, so that unit tests run without a build. */
const conditions = ["source"];
const fromSource = { resolve: { conditions }, ssr: { resolve: { conditions } } };

/**
 * Real processes, databases, networks and browsers share two cores with whatever else runs: what fails once is tried once more, and told as such at the end.
 * That hides no wrong rule: properties draw from a fixed seed, and simulations have theirs.
 */
const RETRIES_OF_REAL_PARTS = 1;

/** These hold leases and watchdogs against the real clock: they use little of a processor, and wait. */
const MOSTLY_WAITING = [
  "test/e2e/lease.test.ts",
  "test/e2e/relay-cut.test.ts",
  "test/e2e/replicas.test.ts",
  "test/faults/cut-off.test.ts",
  "test/faults/half-closed.test.ts",
  "test/faults/hung-database.test.ts",
  "test/faults/network.test.ts",
  "test/faults/partition.test.ts",
];

const PROPERTIES = "./test/setup/properties.ts";

export default defineConfig({
  test: {
    projects: [
      {
        ...fromSource,
        test: {
          name: "unit",
          retry: RETRIES_OF_REAL_PARTS,
          setupFiles: [PROPERTIES],
          include: ["packages/*/src/**/*.test.{ts,tsx}", "examples/*/src/**/*.test.ts", "test/house/**/*.test.ts"],
          pool: "forks",
          // As many as the machine has cores where it has few; left to itself it is one less.
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...fromSource,
        test: {
          name: "sim",
          setupFiles: [PROPERTIES],
          include: ["test/sim/**/*.test.ts"],
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 600_000,
        },
      },
      {
        test: {
          name: "e2e",
          retry: RETRIES_OF_REAL_PARTS,
          include: ["test/e2e/**/*.test.ts", "test/faults/**/*.test.ts"],
          exclude: MOSTLY_WAITING,
          pool: "forks",
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "waits",
          retry: RETRIES_OF_REAL_PARTS,
          include: MOSTLY_WAITING,
          pool: "forks",
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "browser",
          retry: RETRIES_OF_REAL_PARTS,
          include: ["test/browser/**/*.test.ts", "test/console/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
