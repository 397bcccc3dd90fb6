import { it } from "vitest";
import { playShare, TIMEOUT_MS } from "./seeds.ts";

it(
  "no even seed breaks an invariant of server, evaluator and SDKs, whatever crashes, parts, lags or lies",
  { timeout: TIMEOUT_MS },
  () => playShare(0),
);
