import type { Define } from "../group.ts";
import { defineApprove, defineReject } from "./approve.ts";
import { defineCommands } from "./commands.ts";
import { defineEvidence } from "./evidence/evidence.ts";
import { defineList } from "./list.ts";
import { defineRollback } from "./rollback.ts";
import { defineStart } from "./start.ts";
import { defineStatus } from "./status.ts";
import { defineTick } from "./tick.ts";
import { defineWait } from "./wait.ts";

/** `rampart rollout …` */
export const define: Define = (rollout, bind) => {
  const all = [
    defineStart,
    defineList,
    defineStatus,
    defineRollback,
    defineWait,
    defineApprove,
    defineReject,
    defineTick,
    defineCommands,
    defineEvidence,
  ];
  for (const add of all) add(rollout, bind);
};
