import { describe, expect, it } from "vitest";
import { parsePlan } from "./parse.ts";
import { SAMPLE } from "./testing/sample.ts";

describe("a plan", () => {
  it("tmp", () => {
    const r = parsePlan(SAMPLE.replace("interval: 10s","intervall: 10s\n  interval: 10 s\n  ").replace("percentage: 25","percentage: 4").replace("error_rate < 1%","eror_rate < 1%").replace("p95 >= 1000ms","p95 >= 5%").replace("role: engineering-lead","rol: x").replace("timeout: 36h", "timeout: 24h, nam: 5").replace("status: 200","status: abc").replace("sdk: {","sdk: { cohrt: on, ").replace("flag: s", "flags: s").replace("metadata: {", "metadata: { lables: {}, owner: 5, ").replace("after: 0m", "after: 0").replace("title:","titel:").replace("action: pause }","action: puase }").replace("[rollback, escalation]","[rollbck, 5]").replace("within: 7d","within: 1 week"));
    if (!r.ok) console.log(r.problems.map((p) => `${p.line}:${p.column}-${p.endColumn} ${p.path} ${p.message}  [${p.value}]\n      hint: ${p.hint}`).join("\n"));
  });
});
