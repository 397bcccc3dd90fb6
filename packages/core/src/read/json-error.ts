/** What may come next. */
type Expected = "value" | "valueOrClose" | "key" | "keyOrClose" | "colon" | "commaOrClose" | "end";

const SPACE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex -- just those are what a JSON string can't hold
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = new RegExp(`${STRING.source}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`, "y");

/**
 * The offset at which a text stops being JSON, its length when it ends too early; undefined when it is JSON. The engine's own message
 * tells it only sometimes, and differently in each version.
 */
export function jsonErrorOffset(text: string): number | undefined {
  const open: ("{" | "[")[] = [];
  let expected: Expected = "value";
  let at = 0;
  for (;;) {
    at = skip(SPACE, text, at);
    const character = text[at];
    if (character === undefined) return expected === "end" ? undefined : at;
    const step = stepOver(character, expected, open.at(-1));
    if (step === "scalar") {
      const isKey: boolean = expected === "key" || expected === "keyOrClose";
      const end: number = skip(isKey ? STRING : SCALAR, text, at);
      if (end === at) return at;
      at = end;
      expected = isKey ? "colon" : afterValue(open);
      continue;
    }
    if (step === undefined) return at;
    if (step === "open") open.push(character === "{" ? "{" : "[");
    if (step === "close") open.pop();
    expected =
      step === "open"
        ? character === "{"
          ? "keyOrClose"
          : "valueOrClose"
        : step === "close"
          ? afterValue(open)
          : step;
    at += 1;
  }
}

/** What a character does where it stands: opens, closes, or tells what comes next; `scalar` leaves it to be read; undefined: it may not stand there. */
function stepOver(
  character: string,
  expected: Expected,
  inside: "{" | "[" | undefined,
): "open" | "close" | "scalar" | Expected | undefined {
  switch (expected) {
    case "value":
    case "valueOrClose":
      if (character === "{" || character === "[") return "open";
      return character === "]" && expected === "valueOrClose" ? "close" : "scalar";
    case "key":
    case "keyOrClose":
      return character === "}" && expected === "keyOrClose" ? "close" : "scalar";
    case "colon":
      return character === ":" ? "value" : undefined;
    case "commaOrClose":
      if (character === ",") return inside === "{" ? "key" : "value";
      return character === (inside === "{" ? "}" : "]") ? "close" : undefined;
    case "end":
      return undefined;
  }
}

const afterValue = (open: readonly string[]): Expected => (open.length === 0 ? "end" : "commaOrClose");

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
