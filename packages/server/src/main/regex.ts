import type { LinearRegex } from "@rampart/core";
import { RE2JS } from "re2js";

/** RE2's syntax and promise: time linear in the text, whatever the pattern. */
export const linearRegex: LinearRegex = (pattern) => {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
};
