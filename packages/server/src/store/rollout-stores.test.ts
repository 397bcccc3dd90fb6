import { createMemoryStores } from "./memory-rollout-store.ts";
import { rolloutStoreContract } from "./rollout-store.contract.ts";
import { countingRandom } from "./testing/fixtures.ts";
import { temporaryStore } from "./testing/temporary.ts";

rolloutStoreContract("memory", async () => createMemoryStores({ random: countingRandom() }));
rolloutStoreContract("SQLite", async () => temporaryStore());
