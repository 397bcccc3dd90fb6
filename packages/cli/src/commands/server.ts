import type { Define } from "./group.ts";

/** `rampart server` */
export const define: Define = (command) => {
  command.description("Run a server.");
};
