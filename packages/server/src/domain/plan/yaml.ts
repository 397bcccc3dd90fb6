import { Composer, Lexer, Parser, type CST, type Document, type ErrorCode, type YAMLError } from "yaml";
import type { Pieces } from "../pieces.ts";

/** Read in one piece: a millisecond or two. */
const LEXEMES_A_PIECE = 1_000;
/** The format itself is 8 deep; `expect.body.equals` may hold more. */
export const PLAN_DEPTH_MAX = 32;
/** Words, signs, spaces and line ends of the text: four times the largest real plan. Bounds the time that reading takes to some 50 ms. */
export const PLAN_LEXEMES_MAX = 20_000;
/** The longest scalar or comment, in UTF-16 code units. */
export const PLAN_LEXEME_LENGTH_MAX = 64 * 1024;
/** What the parser keeps on its stack beside the collections: the document, a scalar, an anchor. */
const STACK_EXTRA = 8;

/** What became of a text: a document, which may have mistakes of its own, or nothing. `offset`: where reading it stopped. */
export type Composed =
  | { readonly kind: "composed"; readonly document: Document.Parsed }
  | {
      readonly kind: "refused";
      readonly offset: number;
      readonly what: { readonly message: string; readonly hint: string };
    };

/**
 * The library's `parseDocument` with the budgets that it lacks. Without them a megabyte of brackets keeps the process busy for
 * seconds, or ends it: the composer recurses, and a regular expression that is compiled with a full stack is fatal.
 */
export function* composeYaml(text: string): Pieces<Composed> {
  // Not `parser.parse`: it can't be stopped half-way.
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let lexemes = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const refuse = (message: string, hint: string): Composed => ({
      kind: "refused",
      offset: parser.offset,
      what: { message, hint },
    });
    lexemes++;
    if (lexemes % LEXEMES_A_PIECE === 0) yield;
    if (lexemes > PLAN_LEXEMES_MAX)
      return refuse(
        "the plan is too long",
        `${PLAN_LEXEMES_MAX.toLocaleString("en-US")} words and signs are the most, some 2,000 lines`,
      );
    if (lexeme.length > PLAN_LEXEME_LENGTH_MAX)
      return refuse(
        "one text of the plan is longer than 64 KiB",
        "is a quote missing? The longest texts are queries, at most 8 KiB",
      );
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > PLAN_DEPTH_MAX + STACK_EXTRA)
      return refuse(`the plan nests deeper than ${PLAN_DEPTH_MAX} levels`, "look for a bracket that is not closed");
  }
  for (const token of parser.end()) tokens.push(token);
  yield;
  // Keys are compared in `Walk`: the library's own check takes quadratic time.
  const composer = new Composer({
    prettyErrors: false,
    uniqueKeys: false,
    resolveKnownTags: false,
    logLevel: "silent",
  });
  const documents = [...composer.compose(tokens, true, text.length)];
  const [document, second] = documents;
  if (document === undefined) throw new Error("the composer gave no document although it was told to");
  if (second !== undefined) {
    return {
      kind: "refused",
      offset: second.range[0],
      what: { message: "the file holds several documents", hint: "one file is one plan: take out the line ---" },
    };
  }
  return { kind: "composed", document };
}

/** Mistakes within one word, which don't derange what follows. */
const LOCAL: readonly ErrorCode[] = ["TAG_RESOLVE_FAILED", "BAD_DQ_ESCAPE"];

/** After the first mistake in the structure the parser stumbles over everything: what it says then is no help. */
export function withoutCascade(errors: readonly YAMLError[]): readonly YAMLError[] {
  const sorted = errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
  const first = sorted.find(({ code }) => !LOCAL.includes(code));
  return sorted.filter(
    (error) => error === first || (LOCAL.includes(error.code) && (first === undefined || error.pos[0] < first.pos[0])),
  );
}

/** A mistake of the text as people need it told. */
export function explain(error: YAMLError): { readonly message: string; readonly hint: string } {
  const message = `this is not YAML: ${lowerFirst(error.message.split("\n")[0] ?? "")}`;
  switch (error.code) {
    case "TAB_AS_INDENT":
      return { message: "a tab is used for indentation", hint: "YAML is indented with spaces" };
    case "TAG_RESOLVE_FAILED":
      return { message: lowerFirst(error.message), hint: "plans use no YAML tags: quote text that begins with !" };
    case "BLOCK_AS_IMPLICIT_KEY":
    case "MULTILINE_IMPLICIT_KEY":
      return { message, hint: 'text with a colon followed by a space needs quotes: "Note: like this"' };
    case "BAD_INDENT":
      return { message, hint: "fields of one mapping begin in the same column" };
    case "BAD_SCALAR_START":
      return { message, hint: "text that begins with @, `, % or another special character needs quotes" };
    case "MISSING_CHAR":
      return { message, hint: "look for a quote, bracket or colon that is missing above" };
    case "ALIAS_PROPS":
    case "BAD_ALIAS":
      return {
        message,
        hint: "an alias is *name, and its anchor &name comes before it; quote text that begins with *",
      };
    case "BLOCK_IN_FLOW":
      return { message, hint: "within { … } and [ … ], text that begins with - or holds [ ] { } , : # needs quotes" };
    case "BAD_DIRECTIVE":
    case "BAD_DQ_ESCAPE":
    case "BAD_PROP_ORDER":
    case "BAD_COLLECTION_TYPE":
    case "DUPLICATE_KEY":
    case "IMPOSSIBLE":
    case "KEY_OVER_1024_CHARS":
    case "MULTIPLE_ANCHORS":
    case "MULTIPLE_DOCS":
    case "MULTIPLE_TAGS":
    case "NON_STRING_KEY":
    case "RESOURCE_EXHAUSTION":
    case "UNEXPECTED_TOKEN":
      return { message, hint: "text that holds any of [ ] { } , : # needs quotes, above all within { … } and [ … ]" };
  }
}

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1);
