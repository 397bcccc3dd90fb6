import { evaluationStoreContract } from "./evaluation-store.contract.ts";
import { createMemoryEvaluations } from "./memory-evaluations.ts";
import { temporaryStore } from "./testing/temporary.ts";

evaluationStoreContract("memory", async () => createMemoryEvaluations());
evaluationStoreContract("SQLite", async () => temporaryStore().evaluations);
