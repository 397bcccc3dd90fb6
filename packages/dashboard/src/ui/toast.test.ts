import { describe, expect, it } from "vitest";
import { taken } from "./toast.tsx";

describe("what is said of a kill", () => {
  const say = taken("checkout", "checkout is off for everybody.");

  it("is that it is done, once it is stored", () => {
    expect(say({ feature: "checkout", enabled: false })).toBe("checkout is off for everybody.");
  });

  it("is what clients were told, and what is durable, while it can't be stored", () => {
    const detail = "Connected clients have it off, above revision 42. The store can't be written.";
    expect(say({ feature: "checkout", enabled: false, unstored: { keptIn: "file", detail } })).toBe(
      `checkout: ${detail}`,
    );
  });
});
