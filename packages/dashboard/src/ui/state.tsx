import type { ComponentChildren } from "preact";
import type { Resource } from "../api/resource.ts";
import type { Failure } from "../api/problem.ts";
import { connection } from "../api/connection.ts";
import { actionWords } from "./actor.ts";
import { Ago } from "./time.tsx";

/** A hint that names calls of the API helps nobody who looks at a page. */
const FOR_PROGRAMS = /\b(?:GET|POST|PUT|PATCH|DELETE) \//;

/** Why something can't be shown or was not done, and what to do. */
export function FailureNotice({ failure, retry }: { readonly failure: Failure; readonly retry?: () => void }) {
  const { detail, hint, errors = [] } = failure;
  return (
    <div class="notice notice-bad" role="alert">
      <div class="grow stack-tight">
        {errors.length === 0 ? <Said detail={detail} hint={hint} /> : null}
        {errors.map((error) => (
          <Said key={error.pointer} detail={`${fieldWords(error.pointer)}: ${error.detail}`} hint={error.hint} />
        ))}
        {failure.differences?.map(({ pointer, yours, current }) => (
          <span class="small" key={pointer}>
            <code>{pointer}</code> yours {JSON.stringify(yours)}, theirs {JSON.stringify(current)}
          </span>
        ))}
      </div>
      {retry === undefined || failure.status === 404 ? null : (
        <button type="button" class="button button-small" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

function Said({ detail, hint }: { readonly detail: string; readonly hint: string | undefined }) {
  return (
    <>
      <strong>{detail.replace("U+0020", "a space")}</strong>
      {hint === undefined || FOR_PROGRAMS.test(hint) ? null : <span class="soft hint">{hint}</span>}
    </>
  );
}

/** The field at a JSON pointer, as people count: `/rules/0/serve` is `Rules 1 serve`. */
export function fieldWords(pointer: string): string {
  return actionWords(
    pointer
      .slice(1)
      .replaceAll("/", " ")
      .replaceAll(/\d+/g, (index) => String(Number(index) + 1)),
  );
}

/**
 * Shows what is known: a skeleton before the first answer, the failure where there is none, an old answer with a note of its age where
 * the newest attempt failed; while nothing can be reached, the page says that once for all.
 */
export function Shown<T>({
  resource,
  children,
  lines = 4,
}: {
  readonly resource: Resource<T>;
  readonly children: (data: T) => ComponentChildren;
  /** Lines of the skeleton. */
  readonly lines?: number;
}) {
  const { data, failure, at, reload } = resource;
  if (data === undefined) {
    if (failure !== undefined) return <FailureNotice failure={failure} retry={reload} />;
    return <Skeleton lines={lines} />;
  }
  return (
    <>
      {failure === undefined || at === undefined || connection.value === "offline" ? null : (
        <p class="soft small stale" role="status">
          {failure.detail} Showing what was true <Ago at={new Date(at).toISOString()} />.
        </p>
      )}
      {children(data)}
    </>
  );
}

/** What stands in for lines that are on their way. */
export function Skeleton({ lines }: { readonly lines: number }) {
  return (
    <div class="stack card-body" aria-busy="true">
      <span class="visually-hidden">Loading</span>
      {Array.from({ length: lines }, (_, index) => (
        <div class="skeleton" key={index}>
          &nbsp;
        </div>
      ))}
    </div>
  );
}

/** What is shown where there is nothing yet: what would be here, and how to get it. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}
