import { useState } from "preact/hooks";
import { type Failure, failureOf } from "../api/problem.ts";
import { signIn } from "../api/session.ts";
import { Mark } from "../app/shell.tsx";
import { FailureNotice } from "../ui/state.tsx";

/** Asks for a token. */
export function SignInPage() {
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState<Failure>();
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    signIn(token.trim())
      .catch((thrown: unknown) => setFailure(failureOf(thrown)))
      .finally(() => setBusy(false));
  };
  return (
    <main class="sign-in">
      <form class="card stack" onSubmit={submit}>
        <span class="brand" aria-hidden="true">
          <Mark />
        </span>
        <h1>Sign in to Rampart</h1>
        <div class="field">
          <label for="token">Token</label>
          <input
            id="token"
            class="input mono"
            type="password"
            autocomplete="current-password"
            placeholder="rmp_…"
            value={token}
            aria-describedby="token-help"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
          <span id="token-help" class="soft small">
            An admin, operator or viewer token. The first one stands in <code>first-tokens.json</code> in the server's
            data folder.
          </span>
        </div>
        {failure === undefined ? null : <FailureNotice failure={failure} />}
        <button type="submit" class="button button-primary" aria-disabled={isBusy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
