import { CliError } from "../../errors.ts";

/** An entry holds at most two configurations, of at most 1 MiB each. */
const LINE_CHARACTERS_MAX = 8 * 1024 * 1024;

/** The lines of a text that comes in pieces, each with its end as it stands there. Throws when a line is longer than an entry can be. */
export async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LINE_CHARACTERS_MAX) {
      throw new CliError({
        code: "NOT_AN_EXPORT",
        message: `a line is longer than ${LINE_CHARACTERS_MAX} characters, so this is no audit export`,
      });
    }
    for (const line of lines) yield `${line}\n`;
  }
  if (rest !== "") yield rest;
}
