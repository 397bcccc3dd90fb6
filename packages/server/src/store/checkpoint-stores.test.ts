import { checkpointStoreContract } from "./checkpoint-store.contract.ts";
import { createMemoryCheckpoints } from "./memory-checkpoints.ts";
import { temporaryStore } from "./testing/temporary.ts";

checkpointStoreContract("memory", async () => createMemoryCheckpoints());
checkpointStoreContract("SQLite", async () => temporaryStore().checkpoints);
