import { describe, expect, it } from "vitest";
import { traceIdOf } from "./traceparent.ts";

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN = "00f067aa0ba902b7";
const of = (traceparent: string | undefined) =>
  traceIdOf({ headers: traceparent === undefined ? {} : { traceparent } });

describe("the trace of a call", () => {
  it.each([`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-00`, `cc-${TRACE}-${SPAN}-01-what-the-future-brings`])(
    "is what traceparent says: %s",
    (traceparent) => expect(of(traceparent)).toBe(TRACE),
  );

  it.each([
    undefined,
    "",
    TRACE,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01x`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}'; drop table audit-${SPAN}-01`,
  ])("is unknown for %s", (traceparent) => expect(of(traceparent)).toBeUndefined());
});
