export { EXIT, type ExitCode } from "./exit.ts";
export type { Io, Sink } from "./io.ts";
export { main } from "./main.ts";
export { nodeIo } from "./node-io.ts";
