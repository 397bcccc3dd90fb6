const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;

/**
 * The pattern (RE2) of a text without regard to case, as JavaScript folds it: by making both small. Of what lies beyond ASCII only the sign for
 * kelvin becomes a `k`, and the Turkish capital with a dot an `i` with something after it. Undefined for texts that hold more than ASCII.
 */
export function anyCase(op: "contains" | "startsWith" | "endsWith", text: string): string | undefined {
  if (!PRINTABLE_ASCII.test(text)) return undefined;
  const letters = Array.from(text, (character, index) =>
    classOf(character, op !== "endsWith" && index === text.length - 1),
  );
  return `${op === "startsWith" ? "^" : ""}${letters.join("")}${op === "endsWith" ? "\\z" : ""}`;
}

function classOf(character: string, isLast: boolean): string {
  const [small, capital] = [character.toLowerCase(), character.toUpperCase()];
  if (small === capital)
    return /[\dA-Za-z ]/.test(character) ? character : `\\x${character.charCodeAt(0).toString(16)}`;
  const beyond = small === "k" ? "\\x{212a}" : small === "i" && isLast ? "\\x{130}" : "";
  return `[${small}${capital}${beyond}]`;
}
