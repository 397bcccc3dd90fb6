import { describe, expect, it } from "vitest";
import { planOf } from "../rollout/testing/story.ts";
import type { Notify } from "../rollout/effect.ts";
import { route } from "./route.ts";

const plan = planOf(`
metrics: { error_rate: { prometheus: { query: e }, unit: ratio } }
triggers: [{ name: errors, when: error_rate >= 5%, action: rollback, severity: P0 }]
stages: [{ name: canary, percentage: 5, duration: 1h }, { name: full, percentage: 100, duration: 1h }]
notify:
  - { on: [rollback, notRecovered], severity: [P0, P1], to: [pager, chat] }
  - { on: rollback, to: [chat, mail], message: Look }
  - { on: stageDone, stages: full, to: mail }
  - { at: -2h, to: everyone, message: Soon }
escalation: [{ after: 0m, to: pager }, { after: 15m, to: [lead, pager] }]
`);

const notify = (more: Partial<Notify>): Notify => ({ kind: "notify", event: "rollback", subject: "s", ...more });
const channels = (more: Partial<Notify>) => route(plan, notify(more)).map(({ channel }) => channel);

describe("a notification", () => {
  it("goes to every rule that names its event and severity, each channel once, and to the log", () => {
    expect(channels({ severity: "P0" })).toEqual(["pager", "chat", "mail", "log"]);
    expect(channels({ severity: "P2" })).toEqual(["chat", "mail", "log"]);
  });

  it("without a severity goes to rules for any: a rollback by hand calls people, too", () => {
    expect(channels({})).toEqual(["pager", "chat", "mail", "log"]);
  });

  it("is for the rules of its stage only", () => {
    expect(channels({ event: "stageDone", stage: "full" })).toEqual(["mail", "log"]);
    expect(channels({ event: "stageDone", stage: "canary" })).toEqual(["log"]);
  });

  it("of a moment goes to that rule alone, and of an escalation to that step alone", () => {
    expect(channels({ event: "started", rule: 3 })).toEqual(["everyone", "log"]);
    expect(channels({ event: "escalation", escalationStep: 1 })).toEqual(["lead", "pager", "log"]);
  });

  it("that nobody asked for is in the log all the same", () => {
    expect(channels({ event: "paused" })).toEqual(["log"]);
  });

  it("brings the words of the first rule that sends it to a channel", () => {
    expect(route(plan, notify({ severity: "P2" }))[0]).toEqual({ channel: "chat", words: "Look" });
    expect(route(plan, notify({ severity: "P0" }))[1]).toEqual({ channel: "chat" });
  });

  it("that ends an incident follows it wherever it can have been opened", () => {
    const followed = ["pager", "chat", "mail", "lead"].map((channel) => ({ channel, onlyIncident: true }));
    for (const event of ["recovered", "acknowledged", "completed"] as const)
      expect(route(plan, notify({ event }))).toEqual([{ channel: "log" }, ...followed]);
  });
});
