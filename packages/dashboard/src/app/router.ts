import { signal } from "@preact/signals";

/** Where the console is: the path, and what stands behind the question mark. */
export interface Location {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The page's address. */
export const location = signal<Location>(read());

function read(): Location {
  return { path: window.location.pathname, query: new URLSearchParams(window.location.search) };
}

/** Goes to an address of the console. `replace`: the one that is left is not gone back to. */
export function navigate(to: string, options: { readonly replace?: boolean } = {}): void {
  if (options.replace === true) history.replaceState(undefined, "", to);
  else history.pushState(undefined, "", to);
  location.value = read();
  if (options.replace !== true) window.scrollTo(0, 0);
}

/** Changes what stands behind the question mark; undefined takes a name away. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const query = new URLSearchParams(window.location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(window.location.pathname + (text === "" ? "" : `?${text}`), { replace: true });
}

/** Follows links to the console's own pages without loading a page; call once. */
export function followLinks(): void {
  window.addEventListener("popstate", () => (location.value = read()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest("a");
    if (link === null || link.target !== "" || link.hasAttribute("download")) return;
    if (link.origin !== window.location.origin || isOfTheServer(link.pathname)) return;
    // A place on this page is the browser's to go to.
    if (link.hash !== "" && link.pathname === window.location.pathname) return;
    event.preventDefault();
    navigate(link.pathname + link.search + link.hash);
  });
}

/** Addresses that the server answers with something else than the console's page. */
function isOfTheServer(path: string): boolean {
  return /^\/(api|docs|openapi\.json|metrics|schemas)(\/|$)/.test(path);
}
