import { createRequire } from "node:module";
import type { LinearRegex } from "@rampart/core";
import type * as Re2 from "re2js";

const load = createRequire(import.meta.url);

/** RE2, loaded when the first pattern is compiled: most rulesets have none, and it takes longer to load than all the rest. */
export const linearRegex: LinearRegex = (pattern) => {
  const { RE2JS } = load("re2js") as typeof Re2;
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.test(text);
};
