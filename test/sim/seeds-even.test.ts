import { it } from "vitest";
import { ONE_SEED, playShare, TIMEOUT_MS } from "./seeds.ts";

it.skipIf(ONE_SEED !== undefined)(
  "no even seed breaks an invariant of server, evaluator and SDKs, whatever crashes, parts, lags or lies",
  { timeout: TIMEOUT_MS },
  () => playShare(0),
);
