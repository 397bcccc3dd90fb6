import { useState } from "preact/hooks";
import { type Failure, failureOf } from "../api/problem.ts";
import { isOver } from "../api/over.ts";
import { refresh } from "../api/resource.ts";
import { signIn } from "../api/session.ts";
import { Mark } from "../app/shell.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { FailureNotice } from "../ui/state.tsx";

/** Asks for a token. */
export function SignInPage() {
  return (
    <main class="sign-in">
      <div class="card stack">
        <span class="brand" aria-hidden="true">
          <Mark />
        </span>
        <h1>Sign in to Rampart</h1>
        <SignInForm />
      </div>
    </main>
  );
}

/** Asks for a token over the page that somebody was at. Closed, it lets them look at it, until the server is asked again. */
export function SignInAgain() {
  return (
    <Dialog title="Your session is over" onClose={() => (isOver.value = false)}>
      <p class="soft">Sign in again to go on. What you wrote is still here.</p>
      <SignInForm />
    </Dialog>
  );
}

function SignInForm() {
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState<Failure>();
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    signIn(token.trim())
      .then(() => refresh(""))
      .catch((thrown: unknown) => setFailure(failureOf(thrown)))
      .finally(() => setBusy(false));
  };
  return (
    <form class="stack" onSubmit={submit}>
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
  );
}
