/** What stands for a dot: everything but what JavaScript takes for the end of a line; RE2's own dot stops at `\n` alone. */
const DOT = "[^\\n\\r\\x{2028}\\x{2029}]";

/** Any plain character, an escaped mark, or a class that both engines read alike. */
const ATOM = /^(?:[^\\[\](){}*+?.|^$]|\\[.\\+*?()[\]{}|^$/-]|\\[dwtnr])/;
const ASCII_CLASS = /^\[(?:[A-Za-z0-9 _.,:;@#%&=~'"!<>-]|\\[.\\+*?()[\]{}|^$/dw-])+\]/;
const QUANTIFIER = /^(?:[*+?]|\{\d{1,3}(?:,\d{0,3})?\})\??/;
const ASSERTION = /^(?:\^|\$(?=$|\)|\|)|\\b)/;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** What a piece of a pattern is: its length, what it becomes, whether it may be repeated, and how many groups deeper it leads. */
interface Piece {
  readonly length: number;
  readonly text: string;
  readonly repeats: boolean;
  readonly deeper: number;
}

/**
 * A JavaScript regular expression (without flags) as RE2 finds the same texts with it, or undefined where the two engines could differ:
 * lookaround, backreferences, Unicode, `\s`, negated classes, counted dots, repeated assertions. Dots match what JavaScript's do.
 */
export function linearPattern(source: string): string | undefined {
  if (!PRINTABLE_ASCII.test(source)) return undefined;
  let out = "";
  let open = 0;
  for (let at = 0; at < source.length;) {
    const piece = pieceOf(source.slice(at));
    if (piece === undefined) return undefined;
    at += piece.length;
    const repetition = piece.repeats ? (QUANTIFIER.exec(source.slice(at))?.[0] ?? "") : "";
    at += repetition.length;
    open += piece.deeper;
    if (open < 0 || /^[*+?{]/.test(source.slice(at))) return undefined;
    out += piece.text + repetition;
  }
  return open === 0 ? out : undefined;
}

function pieceOf(rest: string): Piece | undefined {
  const piece = (length: number, more: Partial<Piece> = {}): Piece => ({
    length,
    text: rest.slice(0, length),
    repeats: false,
    deeper: 0,
    ...more,
  });
  const [assertion] = ASSERTION.exec(rest) ?? [];
  if (assertion !== undefined) return piece(assertion.length, assertion === "$" ? { text: "\\z" } : {});
  const [atom] = ASCII_CLASS.exec(rest) ?? ATOM.exec(rest) ?? [];
  if (atom !== undefined) return piece(atom.length, { repeats: true });
  if (/^\.[*+]/.test(rest)) return piece(1, { text: DOT, repeats: true });
  if (rest.startsWith("(?:")) return piece(3, { deeper: 1 });
  if (/^\((?!\?)/.test(rest)) return piece(1, { deeper: 1 });
  if (rest.startsWith(")")) return piece(1, { repeats: true, deeper: -1 });
  return rest.startsWith("|") ? piece(1) : undefined;
}
