import { describe, expect, it } from "vitest";
import { createTestClient } from "./test-client.ts";

describe("the test client", () => {
  it("serves what the test says, and defaults for the rest", () => {
    const sdk = createTestClient({ checkout: true, colour: "red", limits: { most: 3 } });
    expect(sdk.isEnabled("checkout", "u")).toBe(true);
    expect(sdk.variation("colour", "u", "blue")).toBe("red");
    expect(sdk.variation("limits", "u", { most: 1 })).toEqual({ most: 3 });
    expect(sdk.isEnabled("unknown", "u", true)).toBe(true);
    expect(sdk.evaluate("unknown", "u", 1)).toMatchObject({ value: 1, reason: "ERROR", errorCode: "FLAG_NOT_FOUND" });
    expect(sdk.evaluate("colour", "u", 1)).toMatchObject({ value: 1, errorCode: "TYPE_MISMATCH" });
  });

  it("serves single users and cohorts something else", () => {
    const sdk = createTestClient({ checkout: false });
    sdk.setFor("ann", "checkout", true);
    expect(sdk.isEnabled("checkout", "ann")).toBe(true);
    expect(sdk.isEnabled("checkout", { id: "ann" })).toBe(true);
    expect(sdk.isEnabled("checkout", "bob")).toBe(false);
    sdk.setCohort("checkout", ["bob", "cleo"]);
    expect(["ann", "bob", "cleo"].map((user) => sdk.isEnabled("checkout", user))).toEqual([false, true, true]);
  });

  it("tells change listeners, with a revision of its own", () => {
    const sdk = createTestClient();
    const heard: unknown[] = [];
    const off = sdk.on("change", (change) => heard.push(change));
    sdk.set("checkout", true);
    off();
    sdk.set("checkout", false);
    expect(heard).toEqual([{ revision: 2, flags: ["checkout"], urgent: false }]);
    expect(sdk.status().revision).toBe(3);
  });

  it("runs the right branch and remembers what was tracked", async () => {
    const sdk = createTestClient({ checkout: true });
    expect(sdk.run("checkout", "u", { on: () => 1, off: () => 2 })).toBe(1);
    sdk.track("orders", { targetingKey: "u" }, { value: 9 });
    expect(sdk.tracked).toEqual([{ metric: "orders", targetingKey: "u", value: 9 }]);
  });

  it("is ready at once, and closed when closed", async () => {
    const sdk = createTestClient();
    expect(sdk.status().state).toBe("idle");
    expect(await sdk.init()).toEqual({ status: "ready", revision: 1 });
    expect(sdk.status().state).toBe("ready");
    await sdk.close();
    expect(sdk.status().state).toBe("closed");
    expect((await sdk.init()).status).toBe("failed");
  });

  it("knows no flag that an object is born with", () => {
    expect(createTestClient().isEnabled("constructor", "u")).toBe(false);
  });
});
