import { describeStore } from "../store.contract.ts";
import { temporaryStore } from "../testing/temporary.ts";

describeStore("the SQLite store", async () => temporaryStore().store);
