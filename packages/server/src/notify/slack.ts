import { clip } from "../domain/notify/message.ts";
import { allLinks, type Link, type Outgoing } from "./outgoing.ts";

/** What Slack takes, in characters. */
export const SLACK_HEADER_MAX = 150;
/** Of a section's text, characters. */
export const SLACK_SECTION_MAX = 3000;
/** Of one field's text, characters. */
export const SLACK_FIELD_MAX = 2000;
/** Fields of a section. */
export const SLACK_FIELDS_MAX = 10;
const URL_MAX = 3000;

/** An incoming webhook's body: blocks, and a text for notifications and screen readers. */
export function slackPayload(outgoing: Outgoing): object {
  const { message, notify, rolloutId } = outgoing;
  const { title, text, facts } = message;
  const links = allLinks(outgoing).filter(({ url }) => url.length <= URL_MAX);
  const fields = facts
    .slice(0, SLACK_FIELDS_MAX)
    .map(({ name, value }) => mrkdwn(`*${escaped(name)}*\n${escaped(value)}`, SLACK_FIELD_MAX));
  return {
    text: clipEscaped(escaped(`${title}: ${text}`), SLACK_SECTION_MAX),
    unfurl_links: false,
    blocks: [
      { type: "header", text: { type: "plain_text", text: clip(title, SLACK_HEADER_MAX), emoji: false } },
      { type: "section", text: mrkdwn(escaped(text), SLACK_SECTION_MAX) },
      ...(fields.length === 0 ? [] : [{ type: "section", fields }]),
      {
        type: "context",
        elements: [mrkdwn(escaped(`Rampart · ${notify.event} · rollout ${rolloutId}`), SLACK_FIELD_MAX)],
      },
      ...(links.length === 0 ? [] : [{ type: "actions", elements: links.map(button) }]),
    ],
  };
}

/** A button that only opens a page: an incoming webhook can't take answers. */
const button = ({ text, url }: Link): object => ({ type: "button", text: { type: "plain_text", text }, url });

const mrkdwn = (text: string, lengthMax: number): object => ({ type: "mrkdwn", text: clipEscaped(text, lengthMax) });

/** So that a name can neither mention a channel nor make a link. */
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Never cuts within an escape. */
function clipEscaped(text: string, lengthMax: number): string {
  return text.length <= lengthMax ? text : clip(text, lengthMax).replace(/&[a-z]{0,3}…$/, "…");
}
