import type { Define } from "../group.ts";
import { defineExport } from "./export.ts";
import { defineKey } from "./key.ts";
import { defineList } from "./list.ts";
import { defineVerify } from "./verify.ts";

/** `rampart audit …` */
export const define: Define = (audit, bind) => {
  for (const add of [defineList, defineVerify, defineExport, defineKey]) add(audit, bind);
};
