import { createMemoryReportLog } from "./memory-report-log.ts";
import { reportLogContract } from "./report-log.contract.ts";

reportLogContract("memory", async () => {
  let nowMs = 0;
  const later = async (ms: number): Promise<void> => {
    nowMs += ms;
  };
  return { log: createMemoryReportLog(() => nowMs), later };
});
