import { describe, expect, it } from "vitest";
import { CliError } from "../errors.ts";
import { withPatience } from "./patient.ts";
import type { Api } from "./types.ts";

/** Answers after so many refusals. */
function busyFor(refusals: number, code = "RATE_LIMITED"): Api {
  let left = refusals;
  return {
    url: "http://localhost",
    request: async <T>() => {
      if (left > 0) {
        left -= 1;
        throw new CliError({ code, message: "too many" });
      }
      return "answer" as T;
    },
    stream: () => {
      throw new Error("no stream here");
    },
    bytes: () => {
      throw new Error("no bytes here");
    },
  };
}

describe("an API with patience", () => {
  it("waits while there were too many requests, and asks again", async () => {
    const slept: number[] = [];
    const api = withPatience(busyFor(3), async (ms) => void slept.push(ms));
    expect(await api.request({ path: "/" })).toBe("answer");
    expect(slept).toEqual([1000, 1000, 1000]);
  });

  it("gives up after half a minute, and at once on any other refusal", async () => {
    const slept: number[] = [];
    const sleep = async (ms: number): Promise<void> => void slept.push(ms);
    await expect(withPatience(busyFor(100), sleep).request({ path: "/" })).rejects.toMatchObject({
      code: "RATE_LIMITED",
    });
    expect(slept).toHaveLength(30);
    await expect(withPatience(busyFor(1, "FORBIDDEN"), sleep).request({ path: "/" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    expect(slept).toHaveLength(30);
  });
});
