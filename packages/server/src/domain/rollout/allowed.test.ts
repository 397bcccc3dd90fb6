import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allowed, allowedCommands } from "./allowed.ts";
import type { Command } from "./event.ts";
import { STATUSES } from "./state.ts";
import { Drive } from "./testing/drive.ts";
import { planOf } from "./testing/story.ts";

const MINUTE_MS = 60_000;
const plan = planOf(
  `preconditions: [{ check: "Team is ready" }]\nstages: [{ name: a, percentage: 5, duration: 1h }, { name: b, percentage: 10, duration: 1h, approvals: [lead] }]`,
);
const HEALTHY = { error_rate: 0, p95: 0.1 };

const COMMANDS: readonly Command[] = [
  { kind: "start" },
  { kind: "approve", planDigest: plan.digest },
  { kind: "reject" },
  { kind: "tick", item: "all" },
  { kind: "pause" },
  { kind: "resume" },
  { kind: "promote" },
  { kind: "rollback" },
  { kind: "cancel" },
  { kind: "acknowledge" },
];

function driveTo(status: string): Drive {
  const drive = new Drive(plan, MINUTE_MS);
  if (status === "scheduled") return drive;
  drive.command({ kind: "start" });
  drive.sampleUntil(10_000, HEALTHY);
  if (status === "preconditions") return drive;
  if (status === "cancelled") {
    drive.command({ kind: "cancel" });
    return drive;
  }
  drive.command({ kind: "tick", item: "all" });
  if (status === "running") return drive;
  if (status === "paused") drive.command({ kind: "pause" });
  if (status === "paused") return drive;
  if (status === "awaiting" || status === "completed") drive.command({ kind: "promote" });
  if (status === "completed") {
    drive.approve();
    drive.command({ kind: "promote" });
  }
  if (status === "rollingBack" || status === "rolledBack") drive.command({ kind: "rollback" });
  if (status === "rolledBack") drive.send({ kind: "rolledBackCommitted", revision: 7 });
  return drive;
}

describe("the table of commands", () => {
  it("lets a rollback through wherever there is something to take back, or where it is harmless", () => {
    expect(STATUSES.filter((status) => !allowed[status].includes("rollback"))).toEqual(["cancelled"]);
  });

  it.each(STATUSES.filter((status) => status !== "verifying"))(
    "is what a rollout that is %s goes by: what it names is taken, the rest is refused with a hint",
    (status) => {
      expect(driveTo(status).status).toBe(status);
      for (const command of COMMANDS) {
        const drive = driveTo(status);
        const possible = allowedCommands(drive.state).includes(command.kind);
        const before = drive.state;
        const refusal = drive.refusal(drive.command(command));
        if (possible) expect(["NOT_ALLOWED_NOW", "ALREADY_EXPOSED", "NOT_EXPOSED"]).not.toContain(refusal?.code);
        else {
          expect(refusal?.hint).toBeTruthy();
          expect(drive.state.phase).toEqual(before.phase);
          expect(drive.state.percentage).toBe(before.percentage);
        }
      }
    },
  );

  it("is the one that the documentation shows", () => {
    const page = readFileSync(new URL("../../../../../docs/rollouts.md", import.meta.url), "utf8");
    const section = page.slice(page.indexOf("## What people can do"), page.indexOf("- **approve**"));
    const rows = section.split("\n").flatMap((line) => {
      const [, statuses, commands] = line.split("|").map((cell) => cell.trim());
      const names = commands?.replaceAll(" (before exposure)", "").split(", ");
      return statuses?.startsWith("`") ? statuses.split(", ").map((status) => [status.replaceAll("`", ""), names]) : [];
    });
    expect({ ...Object.fromEntries(rows), cancelled: [] }).toEqual(allowed);
  });

  it("leaves cancelling out once users are on", () => {
    expect(allowedCommands(driveTo("awaiting").state)).not.toContain("cancel");
    expect(allowedCommands(driveTo("preconditions").state)).toContain("cancel");
  });
});

describe("an approval", () => {
  it("for another revision of the plan is refused", () => {
    const drive = driveTo("awaiting");
    const refusal = drive.refusal(drive.command({ kind: "approve", planDigest: "old" }));
    expect(refusal).toMatchObject({ code: "PLAN_CHANGED", hint: "read the plan as it is now and approve that one" });
  });

  it("that names no role counts for every role that the person holds", () => {
    const two = planOf("stages: [{ name: a, percentage: 5, duration: 1h, approvals: [lead, cto] }]");
    const drive = new Drive(two);
    drive.sampleUntil(0, HEALTHY);
    drive.send({ kind: "tick" });
    drive.sampleUntil(10_000, HEALTHY);
    drive.approve({ by: "ann", roles: ["lead", "cto", "dev"] });
    expect(drive.state.percentage).toBe(5);
  });
});

describe("a tick", () => {
  it("of something that is not on the list says what is", () => {
    const drive = driveTo("preconditions");
    expect(drive.refusal(drive.command({ kind: "tick", item: "Team is hungry" }))).toMatchObject({
      code: "ITEM_UNKNOWN",
      hint: 'open now: "Team is ready"',
    });
  });

  it("of what is ticked already changes nothing", () => {
    const drive = driveTo("running");
    const before = drive.state;
    expect(drive.refusal(drive.command({ kind: "tick", item: "team-is-ready" }))?.code).toBe("ITEM_UNKNOWN");
    expect(drive.state.ticks).toEqual(before.ticks);
  });
});
