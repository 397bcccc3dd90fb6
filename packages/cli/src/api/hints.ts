/** What to do about a refusal, in this program's own commands. The server's hints speak HTTP, to everybody. */
const HINTS: { readonly [code: string]: string } = {
  FLAG_NOT_FOUND: "see them all: rampart flags list; make one: rampart flags create KEY",
  FLAG_EXISTS: "look at it: rampart flags get KEY",
  FLAG_DELETED: "use another key; --reuse takes this one when no program asks for the old flag any more",
  FLAG_DISABLED:
    "rampart flags restore KEY brings back what it was before the kill; set it to 0 first to start from 0 %",
  NOT_BOOLEAN: "give everybody one variant with --variant NAME, or change the split with --file patch.json",
  SEGMENT_NOT_FOUND: "see them all: rampart segments list",
  SEGMENT_EXISTS: "look at it: rampart segments get KEY",
  SEGMENT_DELETED: "use another key; --reuse takes this one when no flag means the old segment any more",
  TOKEN_NOT_FOUND: "see them all: rampart tokens list",
};

/** The hint for a refusal's code, or undefined where the server's own serves. */
export function hintFor(code: string): string | undefined {
  return Object.hasOwn(HINTS, code) ? HINTS[code] : undefined;
}
