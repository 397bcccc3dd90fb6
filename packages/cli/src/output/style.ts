import type { Io, Sink } from "../io.ts";

/** A way of painting text; `none` leaves it alone. */
export type Paint = "none" | "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** SGR numbers that switch it on and off again (ECMA-48). */
const CODES: { readonly [paint in Paint]: readonly [on: number, off: number] } = {
  none: [0, 0],
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Paints, or gives the text back as it is where colour is not wanted. */
export type Style = (paint: Paint, text: string) => string;

/** Colour on a terminal only, and never with NO_COLOR (https://no-color.org) or a dumb terminal. */
export function styleFor(sink: Sink, env: Io["env"]): Style {
  const noColor = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  if (!sink.isTerminal || noColor || env["TERM"] === "dumb") return (_paint, text) => text;
  return (paint, text) => {
    const [on, off] = CODES[paint];
    return paint === "none" || text === "" ? text : `\u001b[${on}m${text}\u001b[${off}m`;
  };
}
