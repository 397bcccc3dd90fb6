import { defineConfig } from "vitest/config";

const conditions = ["source"];

/** The tests that stand beside what is mutated; no other run for each mutant. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: [
      "packages/server/src/egress/*.test.ts",
      "packages/server/src/domain/tokens.test.ts",
      "packages/server/src/http/{authenticator,dev,grant,session}.test.ts",
    ],
    testTimeout: 10_000,
  },
});
