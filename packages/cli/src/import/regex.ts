import type { LinearRegex } from "@rampart/core";
import { RE2JS } from "re2js";

/** The engine that servers and SDKs have: a pattern that it takes here is taken there. */
export const linearRegex: LinearRegex = (pattern) => {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
};
