/** The Rampart SDK for browsers. */
export { createClient, HIDDEN_MAX_MS, type BrowserClientOptions } from "./client.ts";
export { createTestClient, type BrowserTestClient } from "./test-client.ts";
export type { BrowserClient, BrowserStatus, ContextOptions, TrackDetails } from "./types.ts";
// With a star, because only so can `FlagTypes` be augmented under this package's name.
export type * from "@rampart/core";
