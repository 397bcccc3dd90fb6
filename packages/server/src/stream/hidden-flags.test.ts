import { describe, expect, it } from "vitest";
import type { ServedFlag } from "../ports/store.ts";
import { config } from "../store/testing/fixtures.ts";
import { HiddenFlags } from "./hidden-flags.ts";

const flag = (key: string, revision: number, clientVisible = false): ServedFlag => ({
  ...config(key, { clientVisible }),
  clientVisible,
  key,
  revision,
  type: "boolean",
  variants: { on: true, off: false },
});
const changed = (...flags: readonly ServedFlag[]) => ({ flags, removedFlags: [] });

describe("flags that pages are told nothing of", () => {
  it("are so since the revision that hid them, whatever changes after", () => {
    const hidden = new HiddenFlags();
    hidden.apply(changed(flag("a", 3, true)));
    expect(hidden.sinceOf(["a"])).toBeUndefined();
    hidden.apply(changed(flag("a", 4)));
    hidden.apply(changed(flag("a", 9)));
    expect(hidden.sinceOf(["a"])).toBe(4);
    hidden.apply(changed(flag("a", 10, true)));
    expect(hidden.sinceOf(["a"])).toBeUndefined();
  });

  it("together are so from the latest on, and not when one is visible, was deleted or was never heard of", () => {
    const hidden = new HiddenFlags();
    hidden.replace([flag("a", 3), flag("b", 7), flag("seen", 1, true)]);
    expect(hidden.sinceOf(["a", "b"])).toBe(7);
    expect(hidden.sinceOf(["a", "seen"])).toBeUndefined();
    expect(hidden.sinceOf(["a", "unknown"])).toBeUndefined();
    hidden.apply({ flags: [], removedFlags: ["a"] });
    expect(hidden.sinceOf(["a"])).toBeUndefined();
  });
});
