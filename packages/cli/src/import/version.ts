/** Semver 2.0 to the letter: three numbers without leading zeros, and what may follow them. */
const VERSION =
  /^(?:0|[1-9]\d{0,14})\.(?:0|[1-9]\d{0,14})\.(?:0|[1-9]\d{0,14})(?:-(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][\dA-Za-z-]*))*)?(?:\+[\dA-Za-z-]+(?:\.[\dA-Za-z-]+)*)?$/;

/** Whether everybody reads a text as the same version. */
export function isVersion(text: string): boolean {
  return text.length <= 256 && VERSION.test(text);
}
