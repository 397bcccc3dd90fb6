import { createMemoryStore } from "./memory-store.ts";
import { describeChangeLogLimit, describeStore } from "./store.contract.ts";
import { countingRandom } from "./testing/fixtures.ts";

const open = async () => createMemoryStore({ random: countingRandom() });

describeStore("the memory store", open);
describeChangeLogLimit("the memory store", open);
