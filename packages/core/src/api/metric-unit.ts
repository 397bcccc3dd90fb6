/** What a metric's numbers are: 0…1 (`ratio`) or 0…100 (`percent`), `seconds` or `milliseconds`, a `count`, or anything (`none`). */
export type MetricUnitName = "ratio" | "percent" | "seconds" | "milliseconds" | "count" | "none";
