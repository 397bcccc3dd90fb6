import { describe, expect, it } from "vitest";
import { beginSession, isOver, watchSession } from "./over.ts";

describe("a session that ends", () => {
  it("is over once a call of it was refused", () => {
    beginSession();
    watchSession()();
    expect(isOver.value).toBe(true);
  });

  it("is not ended by what a call of the one before was told", () => {
    const late = watchSession();
    beginSession();
    late();
    expect(isOver.value).toBe(false);
  });
});
