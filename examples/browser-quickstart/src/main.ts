/**
 * A button that changes the moment the operator ramps. Against a server that runs with `npm start -- --dev`, nothing has to be
 * configured; `?user=user-2` in the address makes it another user's page.
 */
import { createClient } from "@rampart/sdk-browser";

const ask = new URLSearchParams(location.search);
const flag = ask.get("flag") ?? "new-checkout";
const user = ask.get("user") ?? "user-1";

const sdk = createClient({
  url: ask.get("url") ?? "http://127.0.0.1:4001",
  clientKey: ask.get("key") ?? "dev-browser",
  context: user,
});

const button = document.querySelector("button");
const line = document.querySelector("p");

function paint(): void {
  const { value, reason, errorCode } = sdk.evaluate(flag, false);
  const { state, revision, transport } = sdk.status();
  if (button !== null) button.textContent = value ? "Check out in one step" : "Check out";
  if (line !== null)
    line.textContent = `${user} · ${errorCode ?? reason} · ${state} by ${transport} at revision ${revision}`;
}

sdk.on("change", paint);
sdk.on("ready", paint);
sdk.on("stale", paint);
sdk.on("error", ({ code, message }) => console.warn(`${code}: ${message}`));
button?.addEventListener("click", () => sdk.track("checkout"));

// A page that waits for this shows nobody the old button first.
await sdk.init({ timeoutMs: 2000 });
paint();
