export type { AuditDraft, ChainHead, ChainVerdict } from "./domain/audit.ts";
export { verifyChain } from "./domain/audit.ts";
export type { ConfigError, LoadedConfig, ServerConfig } from "./main/config.ts";
export { describeSettings, loadConfig } from "./main/config.ts";
export { runServer } from "./main/run.ts";
export { StartError } from "./main/start-error.ts";
export type { OpenedStorage, RunningServer, StartOptions } from "./main/start.ts";
export { startServer } from "./main/start.ts";
export { StoreError } from "./ports/store-error.ts";
