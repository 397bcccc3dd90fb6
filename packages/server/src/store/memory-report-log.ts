import { BATCHES_KEPT_MS, BATCHES_READ_MAX, type ReportBatch, type ReportLog } from "../ports/report-log.ts";

/** Batches in memory, for servers in one process: tests. `nowMs` only ever rises. */
export function createMemoryReportLog(nowMs: () => number): ReportLog {
  let held: readonly (ReportBatch & { readonly atMs: number })[] = [];
  return {
    async append({ instance, seq, body }) {
      if (!held.some((one) => one.instance === instance && one.seq === seq))
        held = [...held, { instance, seq, body: body.slice(), atMs: nowMs() }];
    },
    async since(known) {
      held = held.filter(({ atMs }) => nowMs() - atMs < BATCHES_KEPT_MS);
      return held.filter(({ instance, seq }) => seq > (known.get(instance) ?? -1)).slice(0, BATCHES_READ_MAX);
    },
  };
}
