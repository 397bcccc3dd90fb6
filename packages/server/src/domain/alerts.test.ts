import { describe, expect, it } from "vitest";
import { mapAlert } from "./alerts.ts";

const map = (labels: Readonly<Record<string, string>>) => mapAlert({ status: "firing", labels, fingerprint: "f" });

describe("an alert", () => {
  it.each([
    ["critical", "rollback", "P0"],
    ["Critical", "rollback", "P0"],
    ["warning", "pause", "P1"],
    ["info", "notify", "P2"],
    ["constructor", "notify", "P2"],
    ["", "notify", "P2"],
  ])("of the severity %j asks for %s", (severity, action, rank) => {
    expect(map({ rampart_flag: "a", severity })).toMatchObject({ action, severity: rank });
  });

  it("asks for what its label says, whatever its severity", () => {
    expect(map({ rampart_flag: "a", severity: "info", rampart_action: "Rollback" })).toMatchObject({
      action: "rollback",
      severity: "P2",
    });
  });

  it("with a label that is mistyped acts by its severity, and says so", () => {
    const alert = map({ rampart_flag: "a", severity: "critical", rampart_action: "rolback" });
    expect(alert).toMatchObject({ action: "rollback", oddity: expect.stringContaining("rolback") as string });
  });

  it("that names neither flag nor rollout is none of ours", () => {
    expect(
      map({ alertname: "a", severity: "critical", rampart_environment: "production", rampart_flag: " " }),
    ).toBeUndefined();
  });

  it("names what it is about", () => {
    expect(map({ alertname: "Errors", rampart_rollout: "r", rampart_environment: "staging" })).toMatchObject({
      name: "Errors",
      target: { rollout: "r", environment: "staging" },
    });
  });
});
