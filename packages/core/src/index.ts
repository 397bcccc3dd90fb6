export type * from "./api/types.ts";
export type * from "./client/types.ts";
export type * from "./model/evaluation.ts";
export type * from "./model/flag.ts";
export * from "./wire/types.ts";
