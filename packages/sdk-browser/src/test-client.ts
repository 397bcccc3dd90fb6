import type { FlagKey, JsonValue, TestClient, User } from "@rampart/core";
import { createTestClient as createUnboundClient } from "@rampart/core";
import type { BrowserClient } from "./types.ts";

/** A client for tests: no server, no clock; flags are what the test says. */
export interface BrowserTestClient
  extends BrowserClient, Pick<TestClient, "set" | "setFor" | "setCohort" | "tracked"> {}

/** A client that serves `flags` to `context`, and the caller's default for all others. */
export function createTestClient(
  flags: { readonly [flag: string]: JsonValue } = {},
  context: User = "test-user",
): BrowserTestClient {
  const client = createUnboundClient(flags);
  let user = context;
  return {
    ...client,
    isEnabled: (flag, defaultValue) => client.isEnabled(flag, user, defaultValue),
    variation: <T extends JsonValue>(flag: FlagKey, defaultValue: T) => client.variation(flag, user, defaultValue),
    evaluate: <T extends JsonValue>(flag: FlagKey, defaultValue: T) => client.evaluate(flag, user, defaultValue),
    run: (flag, branches) => client.run(flag, user, branches),
    measure: (flag) => client.measure(flag, user),
    track: (metric, details) => client.track(metric, user, details),
    setContext: (next) => {
      user = next;
      return client.init();
    },
  };
}
