/**
 * A button that changes the moment the operator ramps. Against a server that runs with `npm start -- --dev`, nothing has to be
 * configured; `?user=user-2` in the address makes it another user's page.
 */
import { createClient } from "@rampart/sdk-browser";
import { RampartProvider, useFlagDetails, useRampart } from "@rampart/sdk-browser/react";
import { Suspense, type ReactNode } from "react";
import { createRoot } from "react-dom/client";

const ask = new URLSearchParams(location.search);
const flag = ask.get("flag") ?? "new-checkout";

const client = createClient({
  url: ask.get("url") ?? "http://127.0.0.1:4001",
  clientKey: ask.get("key") ?? "dev-browser",
  context: ask.get("user") ?? "user-1",
});

function Checkout(): ReactNode {
  const { value, reason, errorCode } = useFlagDetails(flag, false, { suspend: true });
  const rampart = useRampart();
  return (
    <>
      <button type="button" onClick={() => rampart.track("checkout")}>
        {value ? "Check out in one step" : "Check out"}
      </button>
      <p>
        {errorCode ?? reason} · {rampart.status().state}
      </p>
    </>
  );
}

const app = document.getElementById("app");
if (app !== null)
  createRoot(app).render(
    <RampartProvider client={client}>
      <Suspense fallback={<p>One moment …</p>}>
        <Checkout />
      </Suspense>
    </RampartProvider>,
  );
