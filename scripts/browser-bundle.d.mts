/** One file of the browser SDK as it is published. */
export interface BrowserFile {
  readonly code: string;
  readonly imports: readonly string[];
  readonly dynamicImports: readonly string[];
}

export function bundleBrowserSdk(options: {
  readonly from: "src" | "dist";
}): Promise<Readonly<Record<"index" | "reporter" | "react" | "openfeature", BrowserFile>>>;
