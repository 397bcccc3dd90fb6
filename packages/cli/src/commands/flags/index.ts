import type { Define } from "../group.ts";
import { defineArchive } from "./archive.ts";
import { defineCreate } from "./create.ts";
import { defineGet } from "./get.ts";
import { defineKill } from "./kill.ts";
import { defineList } from "./list.ts";
import { defineRestore } from "./restore.ts";
import { defineSet } from "./set.ts";

/** `rampart flags …` */
export const define: Define = (flags, bind) => {
  for (const add of [defineList, defineGet, defineCreate, defineSet, defineKill, defineRestore, defineArchive])
    add(flags, bind);
};
