/** The Rampart SDK for Node. */
export { createClient, type NodeClientOptions } from "./client.ts";
export { signContext } from "./sign-context.ts";
export { createTestClient } from "@rampart/core";
// With a star, because only so can `FlagTypes` be augmented under this package's name.
export type * from "@rampart/core";
