import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkpointStoreContract } from "../checkpoint-store.contract.ts";
import { evaluationStoreContract } from "../evaluation-store.contract.ts";
import { reportLogContract } from "../report-log.contract.ts";
import { rolloutStoreContract } from "../rollout-store.contract.ts";
import { describeStore } from "../store.contract.ts";
import { openTestStore, startCluster, type Cluster } from "../testing/postgres.ts";
import { EVALUATOR } from "./lease-rows.ts";
import { createPostgresReportLog } from "./postgres-report-log.ts";
import { Tables } from "./tables.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const open = async () => openTestStore(await cluster.createDatabase());

describeStore("the PostgreSQL store", async () => (await open()).store);
rolloutStoreContract("PostgreSQL", open);
checkpointStoreContract("PostgreSQL", async () => (await open()).checkpoints);
evaluationStoreContract("PostgreSQL", async () => (await open()).evaluations);
reportLogContract("PostgreSQL", async () => {
  const { pool } = await open();
  const later = async (ms: number): Promise<void> => {
    const by = sql`${`${ms} milliseconds`}::interval`;
    await pool.run((session) => session.execute(sql`UPDATE rampart.report_batches SET saved_at = saved_at - ${by}`));
  };
  return { log: createPostgresReportLog(pool), later };
});

describe("checkpoints of the server that evaluates", () => {
  it("are not stored any more once another one does", async () => {
    const { pool, checkpoints } = await open();
    const take = (by: string) => pool.run((session) => new Tables(session).leases.take(EVALUATOR, by, 10_000));
    const save = (byte: number, fence: number) =>
      checkpoints.saveCheckpoint({ key: "a", body: Uint8Array.of(byte), savedAt: 1 }, fence);
    const stored = async () => (await checkpoints.checkpoints()).map(({ body }) => [...body]);
    expect(await take("one")).toBe(1);
    await save(1, 1);
    await pool.run((session) => new Tables(session).leases.giveBack(EVALUATOR, 1));
    await save(2, 1);
    expect(await stored()).toEqual([[1]]);
    expect(await take("other")).toBe(2);
    await save(3, 2);
    await save(4, 1);
    expect(await stored()).toEqual([[3]]);
  });
});
