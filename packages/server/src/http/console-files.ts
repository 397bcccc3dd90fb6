/** A file of the console, as it is served. */
export interface ConsoleFile {
  readonly contentType: string;
  readonly body: Buffer;
  /** `body` compressed; missing where that would not pay. */
  readonly gzipped?: Buffer;
}

/** The console's built files by their path, `/index.html` and `/assets/…`; empty when it was not built. */
export type ConsoleFiles = ReadonlyMap<string, ConsoleFile>;

/** Every address at which the console shows something: all of them are answered with its one page. */
export const CONSOLE_PAGES = [
  "/",
  "/sign-in",
  "/welcome",
  "/flags",
  "/flags/{key}",
  "/rollouts",
  "/rollouts/{id}",
  "/plans",
  "/plans/{name}",
  "/segments",
  "/clients",
  "/audit",
  "/tokens",
  "/channels",
  "/drills",
] as const;

/** For the console's page alone: its own files, nothing inline, nothing from elsewhere. */
export const CONSOLE_CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
