import type { ComponentType } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { connect } from "../api/connection.ts";
import { isOver } from "../api/over.ts";
import { askSession, sessionState } from "../api/session.ts";
import { KillButton } from "../pages/rollout/head.tsx";
import { SignInAgain, SignInPage } from "../pages/sign-in.tsx";
import { Empty, FailureNotice, Skeleton } from "../ui/state.tsx";
import { match } from "./match.ts";
import type { PageProps } from "./page-props.ts";
import { pageAt } from "./pages.ts";
import { location } from "./router.ts";
import { Shell } from "./shell.tsx";

/** The console: a page for whoever is signed in. */
export function App() {
  useEffect(() => void askSession(), []);
  const state = sessionState.value;
  useEffect(() => {
    if (state.kind === "in") connect();
  }, [state.kind]);
  switch (state.kind) {
    case "asking":
      return null;
    case "out":
      return <SignInPage />;
    case "failed":
      return (
        <main class="sign-in">
          <div class="stack">
            <FailureNotice failure={state.failure} retry={() => void askSession()} />
            <WayBack />
          </div>
        </main>
      );
    case "in":
      return (
        <>
          <Shell>
            <CurrentPage />
          </Shell>
          {isOver.value ? <SignInAgain /> : null}
        </>
      );
  }
}

/** A rollout can be taken back while not even the session could be asked for: the server knows who it is. */
function WayBack() {
  const id = match("/rollouts/:id", location.value.path)?.["id"];
  return id === undefined ? null : <KillButton id={id} rollout={undefined} />;
}

function CurrentPage() {
  const { path } = location.value;
  const found = pageAt(path);
  const title = found === undefined ? "Not found" : found.title;
  const isFirst = useRef(true);
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · Rampart`;
  }, [title]);
  useEffect(() => {
    // Whoever goes on by key or ear begins anew at the new page's top; a page that was loaded begins there anyway.
    if (!isFirst.current) document.querySelector<HTMLElement>("#main")?.focus({ preventScroll: true });
    isFirst.current = false;
  }, [path]);
  if (found === undefined) {
    return (
      <Empty title="There is nothing here">
        <p>
          <a href="/">To the overview</a>
        </p>
      </Empty>
    );
  }
  const { page, params } = found;
  switch (page.kind) {
    case "here":
      return <page.component params={params} />;
    case "later":
      return <LaterPage load={page.load} params={params} />;
  }
}

const loaded = new Map<() => Promise<ComponentType<PageProps>>, ComponentType<PageProps>>();

function LaterPage({ load, params }: PageProps & { readonly load: () => Promise<ComponentType<PageProps>> }) {
  const [, drawAgain] = useState(0);
  const [hasFailed, setFailed] = useState(false);
  const Page = loaded.get(load);
  useEffect(() => {
    if (loaded.has(load)) return;
    setFailed(false);
    void (async () => {
      try {
        loaded.set(load, await load());
        drawAgain((count) => count + 1);
      } catch {
        setFailed(true);
      }
    })();
  }, [load]);
  if (Page !== undefined) return <Page params={params} />;
  if (!hasFailed) return <Skeleton lines={6} />;
  return (
    <FailureNotice
      failure={{
        kind: "unreachable",
        detail: "This page's program could not be loaded.",
        hint: "Check the network and reload. After an upgrade of the server a reload is needed, too.",
      }}
      retry={() => window.location.reload()}
    />
  );
}
