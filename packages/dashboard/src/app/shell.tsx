import { actorName } from "@rampart/core";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { connection, heardAt } from "../api/connection.ts";
import { sessionState, signOut } from "../api/session.ts";
import { seconds } from "../ui/duration.ts";
import { now } from "../ui/time.tsx";
import { complain, Toasts } from "../ui/toast.tsx";
import { location } from "./router.ts";
import { chooseTheme, type Theme, theme } from "./theme.ts";

const LINKS: readonly (readonly [path: string, name: string])[] = [
  ["/", "Overview"],
  ["/flags", "Flags"],
  ["/rollouts", "Rollouts"],
  ["/plans", "Plans"],
  ["/segments", "Segments"],
  ["/drills", "Drills"],
  ["/clients", "Clients"],
  ["/audit", "Audit"],
  ["/channels", "Channels"],
  ["/tokens", "Tokens"],
];

/** What is around every page: where one can go, who one is, and whether what is shown is true. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  const { path } = location.value;
  useEffect(() => setOpen(false), [path]);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <Brand />
        <button
          type="button"
          class="button"
          aria-expanded={isOpen}
          aria-controls="side"
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? "Close" : "Menu"}
        </button>
      </header>
      <aside class="side" id="side" data-open={isOpen}>
        <Brand />
        <nav class="nav" aria-label="Pages">
          {LINKS.map(([href, name]) => (
            <a key={href} href={href} aria-current={isWithin(path, href) ? "page" : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <Foot />
      </aside>
      <div class="strips">
        <Strips />
      </div>
      <main class="main" id="main" tabIndex={-1}>
        {children}
      </main>
      <Toasts />
    </div>
  );
}

function isWithin(path: string, href: string): boolean {
  return href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`);
}

/** The product's name and mark. */
export function Brand() {
  return (
    <a class="brand" href="/">
      <Mark />
      Rampart
    </a>
  );
}

/** The product's mark. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#1d4ed8" />
      <path d="M5 25v-5h6v-5h6v-5h6V6h4v19z" fill="#fff" />
    </svg>
  );
}

function Strips() {
  const state = sessionState.value;
  return (
    <>
      {connection.value === "offline" ? (
        <div class="strip strip-bad" role="status">
          {heardAt.value === 0
            ? "Not connected: nothing was heard from the server yet."
            : `Not connected: showing what was true ${seconds(silence())} ago.`}{" "}
          The kill button still tries.
        </div>
      ) : null}
      {state.kind === "in" && state.session.dev === true ? (
        <div class="strip">Development mode: programs on this machine need no token.</div>
      ) : null}
    </>
  );
}

/** Ages here are of this machine's clock alone. */
function silence(): number {
  // Read, so that the age is drawn again as it grows.
  return now.value === 0 ? 0 : Math.max(0, Date.now() - heardAt.value);
}

function Foot() {
  const state = sessionState.value;
  return (
    <div class="side-foot">
      <label class="row-between">
        <span class="soft">Theme</span>
        <select class="input" value={theme.value} onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}>
          <option value="system">System</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
      </label>
      {state.kind === "in" ? (
        <div class="stack-tight">
          <span class="soft">Signed in as</span>
          <strong>{actorName(state.session.actor)}</strong>
          <span class="soft">{state.session.kind}</span>
          {state.session.actor === "dev" ? null : (
            <button type="button" class="button button-small" onClick={() => void signOut().catch(complain)}>
              Sign out
            </button>
          )}
        </div>
      ) : null}
      <a href="/docs">API reference</a>
    </div>
  );
}
