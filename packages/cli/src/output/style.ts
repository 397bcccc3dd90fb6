import { styleText } from "node:util";
import type { Io, Sink } from "../io.ts";

/** A way of painting text; `none` leaves it alone. */
export type Paint = "none" | "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Paints, or gives the text back as it is where colour is not wanted. */
export type Style = (paint: Paint, text: string) => string;

/** Colour on a terminal only, and never with NO_COLOR (https://no-color.org) or a dumb terminal. */
export function styleFor(sink: Sink, env: Io["env"]): Style {
  const noColor = env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "";
  if (!sink.isTerminal || noColor || env["TERM"] === "dumb") return (_paint, text) => text;
  return (paint, text) => (paint === "none" || text === "" ? text : styleText(paint, text));
}
