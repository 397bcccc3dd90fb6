import type { AuditEntry } from "@rampart/core";
import { describe, expect, it } from "vitest";
import { ELSEWHERE_NAMED_MAX, notThisFlag } from "./elsewhere.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");
const entry = (over: Partial<AuditEntry>): AuditEntry => ({
  seq: 1,
  at: new Date(AT + 60_000).toISOString(),
  actor: "rollout:r2",
  action: "flag.ramped",
  target: "flag/search",
  environment: "production",
  previousHash: "",
  hash: "",
  ...over,
});
const about = { environment: "production", flag: "checkout", from: AT };

describe("what else changed, when a rollback did not help", () => {
  it("names changes of other flags and steps of other rollouts in that environment, and of segments everywhere", () => {
    const said = notThisFlag(
      [
        entry({ reason: "stage half" }),
        entry({
          action: "segment.updated",
          target: "segment/staff",
          revisions: { production: 7, staging: 3 },
          actor: "token:a",
        }),
      ],
      about,
    );
    expect(said).toContain("not this flag");
    expect(said).toContain("flag/search flag.ramped at 2026-01-05T02:01:00.000Z by rollout:r2 (stage half)");
    expect(said).toContain("segment/staff segment.updated");
  });

  it("leaves out the flag itself, that of drills, other environments, what was before, and what changes no values", () => {
    const said = notThisFlag(
      [
        entry({ target: "flag/checkout" }),
        entry({ target: "flag/rampart-drill" }),
        entry({ environment: "staging" }),
        entry({ at: new Date(AT - 1).toISOString() }),
        entry({ action: "token.created", target: "token/x" }),
        entry({ action: "receipts.closed", target: "flag/search" }),
      ],
      about,
    );
    expect(said).toBe("not this flag; nothing else changed in production since 2026-01-05T02:00:00.000Z");
  });

  it("names the newest few, and counts the rest", () => {
    const many = Array.from({ length: ELSEWHERE_NAMED_MAX + 3 }, (_, i) => entry({ target: `flag/f${i}` }));
    const said = notThisFlag(many, about);
    expect(said).toContain("flag/f0 ");
    expect(said).not.toContain(`flag/f${ELSEWHERE_NAMED_MAX} `);
    expect(said).toContain("and 3 more");
  });
});
