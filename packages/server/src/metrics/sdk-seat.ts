import type { Measurement, MetricProvider } from "../ports/metric-provider.ts";

const NOTHING: Measurement = { kind: "noData", reason: "this version does not look at what SDKs report", raw: "" };

/** The seat of what SDKs report of the flag's users. */
export const sdkSeat: MetricProvider = {
  sample: () => Promise.resolve(NOTHING),
  baseline: () => Promise.resolve(NOTHING),
};
