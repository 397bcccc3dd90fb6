/**
 * The sample service: one of three processes that use the SDK as an application would. It serves its own synthetic traffic, and its
 * new code can be broken from outside.
 */
import { createClient } from "@rampart/sdk-node";
import type { FromService, ToService } from "./protocol.ts";

const REQUESTS_PER_TICK = 40;
const TICK_MS = 100;
const USERS = 10_000;

const [url = "", sdkKey = "", firstFlag = ""] = process.argv.slice(2);
const sdk = createClient({ url, sdkKey });
let flag = firstFlag;
let faultShare = 0;
let next = 0;

/** A generator of its own per process keeps the three services from serving the same users in step. */
function randomUser(): string {
  next = (Math.imul(next ^ process.pid, 1_664_525) + 1_013_904_223) >>> 0;
  return `user-${next % USERS}`;
}

function serve(): { readonly on: boolean; readonly failed: boolean } {
  const user = randomUser();
  let on = false;
  try {
    sdk.run(flag, user, {
      on: () => {
        on = true;
        if (Math.random() < faultShare) throw new Error("the new code is broken");
      },
      off: () => {},
    });
    return { on, failed: false };
  } catch {
    return { on, failed: true };
  }
}

function tick(): void {
  let on = 0;
  let failures = 0;
  for (let request = 0; request < REQUESTS_PER_TICK; request += 1) {
    const outcome = serve();
    if (outcome.on) on += 1;
    if (outcome.failed) failures += 1;
  }
  const { revision, state } = sdk.status();
  tell({ kind: "report", requests: REQUESTS_PER_TICK, on, failures, revision, state });
}

/** The demo may be over already: then there is nobody to tell, and that is no error. */
function tell(message: FromService): void {
  if (process.connected) process.send?.(message, () => undefined);
}

sdk.on("change", ({ revision }) => tell({ kind: "applied", revision, at: Date.now() }));
await sdk.init({ timeoutMs: 5000 });
const timer = setInterval(tick, TICK_MS);

process.on("message", (message: ToService) => {
  switch (message.kind) {
    case "fault":
      faultShare = message.share;
      return;
    case "scenery":
      flag = message.flag;
      faultShare = 0;
      return;
  }
});
process.once("disconnect", () => {
  clearInterval(timer);
  void sdk.close().then(() => process.exit(0));
});
