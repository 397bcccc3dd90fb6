import { expect, it } from "vitest";
import { networkReason } from "./network-reason.ts";

const failed = (code: string) => Object.assign(new Error("no"), { code });

it("says what a system's code means, and keeps the code for those who know it", () => {
  expect(networkReason(failed("ECONNREFUSED"))).toBe("nobody listens there (ECONNREFUSED)");
  expect(networkReason(failed("EAI_AGAIN"))).toBe("the host name can't be looked up now (EAI_AGAIN)");
  expect(networkReason(failed("EPROTO"))).toBe("EPROTO");
  expect(networkReason(new Error("hunter2"))).toBe("unknown error");
});
