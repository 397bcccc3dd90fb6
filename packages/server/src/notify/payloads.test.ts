import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import type { NotifyEvent } from "../domain/plan/types.ts";
import { mailOf, SUBJECT_MAX } from "./email.ts";
import type { Outgoing } from "./outgoing.ts";
import { PAGERDUTY_SUMMARY_MAX, PAGERDUTY_URL, pagerDutyCall } from "./pagerduty.ts";
import { SLACK_FIELD_MAX, SLACK_FIELDS_MAX, SLACK_HEADER_MAX, SLACK_SECTION_MAX, slackPayload } from "./slack.ts";
import { webhookCall } from "./webhook.ts";

const AT = Date.parse("2026-01-05T02:00:00Z");

const outgoing = (event: NotifyEvent, more: Partial<Outgoing> = {}): Outgoing => ({
  key: "r1:4:0:eng",
  rolloutId: "r1",
  notify: { kind: "notify", event, subject: "rolled back from 5 % to 0 %", severity: "P0" },
  message: {
    title: "[P0] Rolled back: checkout in production",
    text: "Rolled back from 5 % to 0 %.\nVerifying: waits for recovery.",
    facts: [{ name: "Value", value: "6.1%" }],
  },
  onlyIncident: false,
  createdAt: AT,
  ...more,
});

/** Texts of every length up to well above what any channel takes, with what needs escaping. */
const anyText = fc
  .tuple(
    fc.string({ unit: "grapheme", maxLength: 20 }),
    fc.constantFrom("&", "<", ">", "é", "👩‍🚀", "\n", "a"),
    fc.nat(4000),
  )
  .map(([start, unit, count]) => start + unit.repeat(count).slice(0, 8000));

const anyOutgoing: fc.Arbitrary<Outgoing> = fc
  .record({
    title: anyText,
    text: anyText,
    subject: anyText,
    facts: fc.array(fc.record({ name: fc.string({ maxLength: 20 }), value: anyText }), { maxLength: 15 }),
    link: fc.constantFrom(
      undefined,
      "https://rampart.example/rollouts/r1",
      `https://rampart.example/${"a".repeat(4000)}`,
    ),
  })
  .map(({ title, text, subject, facts, link }) => ({
    ...outgoing("rollback"),
    notify: { kind: "notify" as const, event: "rollback" as const, subject },
    message: { title, text, facts },
    ...(link !== undefined && { link }),
  }));

interface SlackText {
  readonly type: string;
  readonly text: string;
}
interface SlackBlock {
  readonly type: string;
  readonly text?: SlackText;
  readonly fields?: readonly SlackText[];
  readonly elements?: readonly { readonly url?: string }[];
}

describe("Slack", () => {
  it("is given no more than it takes, and nothing that it would read as markup", () => {
    fc.assert(
      fc.property(anyOutgoing, (message) => {
        const { text, blocks } = slackPayload(message) as { text: string; blocks: readonly SlackBlock[] };
        expect(text.length).toBeLessThanOrEqual(SLACK_SECTION_MAX);
        expect(blocks.length).toBeLessThanOrEqual(50);
        const fields = blocks.flatMap((block) => block.fields ?? []);
        expect(fields.length).toBeLessThanOrEqual(SLACK_FIELDS_MAX);
        for (const field of fields) expect(field.text.length).toBeLessThanOrEqual(SLACK_FIELD_MAX);
        for (const block of blocks) {
          const max = block.type === "header" ? SLACK_HEADER_MAX : SLACK_SECTION_MAX;
          expect(block.text?.text.length ?? 0).toBeLessThanOrEqual(max);
        }
        const marked = [
          text,
          ...fields.map((field) => field.text),
          ...blocks.flatMap((block) => (block.text?.type === "mrkdwn" ? [block.text.text] : [])),
        ];
        for (const one of marked) expect(one.replaceAll(/&(amp|lt|gt);/g, "")).not.toMatch(/[<>&]/);
        for (const one of marked) expect(one).not.toMatch(/\p{Surrogate}/u);
        for (const { url } of blocks.flatMap((block) => block.elements ?? []))
          expect(url?.length ?? 0).toBeLessThanOrEqual(3000);
      }),
      { numRuns: 50 },
    );
  });

  it("gets a button to the rollout where the server knows its own address", () => {
    const link = "https://rampart.example/rollouts/r1";
    expect(JSON.stringify(slackPayload(outgoing("rollback", { link })))).toContain(`"url":"${link}"`);
    expect(JSON.stringify(slackPayload(outgoing("rollback")))).not.toContain("actions");
  });

  it("gets the flag's page and the evidence besides, as do pagers, mails and webhooks", () => {
    const url = "https://rampart.example/flags/checkout";
    const linked = outgoing("rollback", { links: [{ text: "The flag", url }] });
    const settings = { url: "https://hook.example", secrets: [`whsec_${"A".repeat(32)}`] };
    const texts = [
      slackPayload(linked),
      pagerDutyCall({ url: PAGERDUTY_URL, routingKey: "k" }, linked).body,
      mailOf(linked).text,
      webhookCall(settings, linked, AT).body,
    ].map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
    expect(texts.filter((text) => text.includes(url) && text.includes("The flag"))).toHaveLength(4);
  });
});

describe("PagerDuty", () => {
  const settings = { url: PAGERDUTY_URL, routingKey: "key" };
  const call = (event: NotifyEvent, more: Partial<Outgoing> = {}) => pagerDutyCall(settings, outgoing(event, more));

  it("has one incident a rollout: opened, acknowledged and resolved under one key", () => {
    const acts = (["rollback", "escalation", "notRecovered", "acknowledged", "recovered", "completed"] as const).map(
      (event) => call(event),
    );
    expect(acts.map(({ body }) => (body as { event_action: string }).event_action)).toEqual([
      "trigger",
      "trigger",
      "trigger",
      "acknowledge",
      "resolve",
      "resolve",
    ]);
    for (const { url, body } of acts) {
      expect(url).toBe("https://events.pagerduty.com/v2/enqueue");
      expect(body).toMatchObject({ routing_key: "key", dedup_key: "rampart:r1" });
    }
  });

  it("learns of stages as changes", () => {
    expect(call("stage")).toMatchObject({
      url: "https://events.pagerduty.com/v2/change/enqueue",
      body: { routing_key: "key", payload: { source: "rampart", timestamp: "2026-01-05T02:00:00.000Z" } },
    });
    expect(call("stage").body).not.toHaveProperty("event_action");
  });

  it("is told how bad it is in its own words", () => {
    const severity = (of: "P0" | "P1" | "P2" | "P3" | undefined) => {
      const { severity: _, ...notify } = outgoing("rollback").notify;
      const { body } = call("rollback", { notify: { ...notify, ...(of && { severity: of }) } });
      return (body as { payload: { severity: string } }).payload.severity;
    };
    expect([severity("P0"), severity("P1"), severity("P2"), severity("P3"), severity(undefined)]).toEqual([
      "critical",
      "error",
      "warning",
      "info",
      "error",
    ]);
  });

  it("is given no longer a summary than it takes", () => {
    fc.assert(
      fc.property(anyOutgoing, (message) => {
        const { body } = pagerDutyCall(settings, message) as { body: { payload: { summary: string } } };
        expect(body.payload.summary.length).toBeLessThanOrEqual(PAGERDUTY_SUMMARY_MAX);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a signed webhook", () => {
  const SECRETS = [1, 2].map((fill) => `whsec_${Buffer.alloc(32, fill).toString("base64")}`);

  it("verifies with the standard's own library, under each of the secrets", () => {
    const now = Date.now();
    const { headers = {}, body } = webhookCall(
      { url: "https://a.example", secrets: SECRETS },
      outgoing("rollback"),
      now,
    );
    for (const secret of SECRETS)
      expect(new Webhook(secret).verify(String(body), { ...headers })).toMatchObject({
        type: "rollout.rollback",
        data: { rollout: "r1", severity: "P0", title: "[P0] Rolled back: checkout in production" },
      });
    const other = new Webhook(`whsec_${Buffer.alloc(32, 3).toString("base64")}`);
    expect(() => other.verify(String(body), { ...headers })).toThrow();
  });

  it("has the same id when it comes again, and the time of each try", () => {
    const [first, second] = [0, 60_000].map(
      (later) => webhookCall({ url: "u", secrets: SECRETS }, outgoing("stage"), AT + later).headers,
    );
    expect(first?.["webhook-id"]).toBe(second?.["webhook-id"]);
    expect([first, second].map((headers) => headers?.["webhook-timestamp"])).toEqual(["1767578400", "1767578460"]);
  });
});

describe("a mail", () => {
  it("has one line as its subject, whatever the title holds, and the same id when it comes again", () => {
    fc.assert(
      fc.property(anyOutgoing, (message) => {
        const mail = mailOf(message);
        expect(mail.subject.length).toBeLessThanOrEqual(SUBJECT_MAX);
        expect(mail.subject).not.toMatch(/[\r\n]/);
        expect(mail.messageId).toBe("<r1.4.0.eng@rampart>");
      }),
      { numRuns: 30 },
    );
  });
});
