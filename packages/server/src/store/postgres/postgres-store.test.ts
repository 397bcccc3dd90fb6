import { afterAll, beforeAll } from "vitest";
import { checkpointStoreContract } from "../checkpoint-store.contract.ts";
import { rolloutStoreContract } from "../rollout-store.contract.ts";
import { describeStore } from "../store.contract.ts";
import { openTestStore, startCluster, type Cluster } from "../testing/postgres.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.stop());

const open = async () => openTestStore(await cluster.createDatabase());

describeStore("the PostgreSQL store", async () => (await open()).store);
rolloutStoreContract("PostgreSQL", open);
checkpointStoreContract("PostgreSQL", async () => (await open()).checkpoints);
