import type { CreatedToken, FlagView, Page } from "@rampart/core";
import { useState } from "preact/hooks";
import { navigate } from "../app/router.ts";
import { call } from "../api/call.ts";
import { type Failure, failureOf } from "../api/problem.ts";
import { useResource } from "../api/resource.ts";
import { may, sessionState } from "../api/session.ts";
import { FailureNotice } from "../ui/state.tsx";
import { complain } from "../ui/toast.tsx";

const SUGGESTED = "new-search";

/** From an empty server to the first guarded rollout. */
export function WelcomePage() {
  const flags = useResource<Page<FlagView>>("/api/v1/flags?limit=1", { on: ["environments"] });
  const [key, setKey] = useState(SUGGESTED);
  const [failure, setFailure] = useState<Failure>();
  const [made, setMade] = useState<string>();
  const [sdkKey, setSdkKey] = useState<string>();
  const isDev = sessionState.value.kind === "in" && sessionState.value.session.dev === true;
  const flag = made ?? flags.data?.items[0]?.key;
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      setMade((await call<FlagView>("POST", "/api/v1/flags", { body: { key: key.trim() } })).key);
      setFailure(undefined);
    } catch (thrown) {
      setFailure(failureOf(thrown));
    }
  };
  const makeKey = async (): Promise<void> => {
    try {
      const body = { kind: "server", name: "first program", environments: ["production"], roles: [] };
      setSdkKey((await call<CreatedToken>("POST", "/api/v1/tokens", { body })).token);
    } catch (thrown) {
      complain(thrown);
    }
  };
  return (
    <>
      <h1>Your first guarded rollout</h1>
      <ol class="stack welcome">
        <li class="card card-body stack">
          <h2>1. A flag</h2>
          {flag === undefined ? (
            <form class="row" onSubmit={(event) => void make(event)}>
              <input
                class="input select mono"
                value={key}
                aria-label="Key of the flag"
                onInput={(event) => setKey(event.currentTarget.value)}
              />
              <button type="submit" class="button button-primary">
                Create it
              </button>
            </form>
          ) : (
            <p>
              ✓ <a href={`/flags/${flag}`}>{flag}</a> is there{made === undefined ? "" : ", and off for everybody"}.
            </p>
          )}
          {failure === undefined ? null : <FailureNotice failure={failure} />}
        </li>
        <li class="card card-body stack">
          <h2>2. A program that asks</h2>
          <p>
            {isDev ? (
              <>
                In development mode the key is <code>dev</code>; otherwise it is a server key from{" "}
                <a href="/tokens">Tokens</a>:
              </>
            ) : (
              <>
                With a server key, which <a href="/tokens">Tokens</a> has more of:
              </>
            )}
          </p>
          <pre class="code-block" tabIndex={0}>
            {program(flag ?? key, isDev ? "dev" : (sdkKey ?? "…"))}
          </pre>
          {isDev || !may("tokens:admin", "*") ? null : sdkKey === undefined ? (
            <button type="button" class="button" onClick={() => void makeKey()}>
              Make a key
            </button>
          ) : (
            <p>✓ The key is shown this once: copy it now.</p>
          )}
          <p class="soft">
            It shows up under <a href="/clients">Clients</a>. A rollout works without it too, only nobody would notice.
          </p>
        </li>
        <li class="card card-body stack">
          <h2>3. A plan that ramps and takes back</h2>
          <p>
            Three stages in a minute and a half, and a signal that takes everything back. You see beforehand what it
            would do.
          </p>
          <button
            type="button"
            class="button button-primary"
            aria-disabled={flag === undefined}
            onClick={() => flag !== undefined && navigate(`/plans/new?from=first&flag=${encodeURIComponent(flag)}`)}
          >
            Write the plan
          </button>
        </li>
      </ol>
    </>
  );
}

function program(flag: string, sdkKey: string): string {
  return `import { createClient } from "@rampart/sdk-node";

const sdk = createClient({ url: "${window.location.origin}", sdkKey: "${sdkKey}" });
await sdk.init();
if (sdk.isEnabled("${flag}", "user-1")) { /* the new way */ }`;
}
