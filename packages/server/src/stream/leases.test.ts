import type { WireFlag } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { config } from "../store/testing/fixtures.ts";
import { Leases } from "./leases.ts";

const flag = (key: string, revision: number, leaseMs?: number): WireFlag => ({
  ...config(key, leaseMs === undefined ? {} : { leaseMs }),
  key,
  revision,
  type: "boolean",
  variants: { on: true, off: false },
});
const changed = (...flags: readonly WireFlag[]) => ({ flags, removedFlags: [] });

describe("the leases that clients hold", () => {
  it("count from the revision that brought them, and are the longest since", () => {
    const leases = new Leases();
    leases.apply(changed(flag("a", 3, 25_000)));
    leases.apply(changed(flag("a", 7, 10_000)));
    expect(leases.of(["a"])).toEqual({ leaseMs: 25_000, since: 3 });
  });

  it("end with the change that takes them away, and begin anew", () => {
    const leases = new Leases();
    leases.apply(changed(flag("a", 3, 25_000)));
    leases.apply(changed(flag("a", 4)));
    expect(leases.of(["a"])).toBeUndefined();
    leases.apply(changed(flag("a", 5, 10_000)));
    expect(leases.of(["a"])).toEqual({ leaseMs: 10_000, since: 5 });
  });

  it("of several flags bound them only together", () => {
    const leases = new Leases();
    leases.replace([flag("a", 3, 25_000), flag("b", 5, 10_000), flag("c", 4)]);
    expect(leases.of(["a", "b"])).toEqual({ leaseMs: 25_000, since: 5 });
    expect(leases.of(["a", "c"])).toBeUndefined();
    leases.apply({ flags: [], removedFlags: ["b"] });
    expect(leases.of(["a", "b"])).toBeUndefined();
  });
});
