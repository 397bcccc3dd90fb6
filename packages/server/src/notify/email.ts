import { isIP } from "node:net";
import { createTransport } from "nodemailer";
import { instantOf } from "../domain/instant.ts";
import { clip } from "../domain/notify/message.ts";
import type { Admitted, EgressDoor } from "../ports/egress.ts";
import { DELIVERED, type Sent } from "./deliver-http.ts";
import { allLinks, type Outgoing } from "./outgoing.ts";

const CONNECT_MS = 10_000;
const SILENCE_MS = 15_000;

/** For all of it: a server that trickles must not hold the channel for ever. */
const DEADLINE_MS = 60_000;

/** Characters; longer subjects are cut by mail programs anyway. */
export const SUBJECT_MAX = 200;

/** A mail channel: the server, and who writes to whom. */
export interface EmailSettings {
  /** `smtp://user:password@host:587` or `smtps://…`. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** A mail as it is sent. */
export interface Mail {
  readonly subject: string;
  readonly text: string;
  readonly messageId: string;
  readonly references: string;
  readonly date: Date;
}

/** The same message has the same id whenever it comes again, and those of one rollout make one thread. */
export function mailOf(outgoing: Outgoing): Mail {
  const { key, rolloutId, message, createdAt } = outgoing;
  const links = allLinks(outgoing);
  const { title, text, facts } = message;
  const lines = [
    text,
    "",
    ...facts.map(({ name, value }) => `${name}: ${value}`),
    `When: ${instantOf(createdAt)}`,
    `Rollout: ${rolloutId}`,
    ...(links.length === 0 ? [] : ["", ...links.map(({ text: what, url }) => `${what}: ${url}`)]),
  ];
  return {
    subject: clip(title.replaceAll(/\s+/g, " "), SUBJECT_MAX),
    text: `${lines.join("\n")}\n`,
    messageId: `<${idOf(key)}@rampart>`,
    references: `<${idOf(rolloutId)}@rampart>`,
    date: new Date(createdAt),
  };
}

/**
 * Hands a mail to the SMTP server, at the address that the policy judged: the name is not looked up again. With a password it is only
 * sent over TLS, and the certificate must be the name's.
 */
export async function sendMail(door: EgressDoor, { url, from, to }: EmailSettings, mail: Mail): Promise<Sent> {
  const admitted = await door.admitMail(url, CONNECT_MS);
  if (admitted.kind === "refused")
    return { kind: "failed", reason: `${admitted.reason}; ${admitted.hint}`, again: false };
  if (admitted.kind === "failed") return { kind: "failed", reason: `SMTP ${admitted.reason}`, again: true };
  const transport = createTransport({
    ...wayTo(new URL(url), admitted),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  try {
    const expired = new Promise<never>((_, reject) => {
      deadline.addEventListener("abort", () => reject(new Error("deadline")), { once: true });
    });
    await Promise.race([transport.sendMail({ from, to: [...to], ...mail }), expired]);
    return DELIVERED;
  } catch (error) {
    return failureOf(error, deadline.aborted);
  } finally {
    transport.close();
  }
}

function wayTo(
  { protocol, username, password }: URL,
  { host, port, address }: Extract<Admitted, { readonly kind: "admitted" }>,
) {
  return {
    host: address,
    port,
    secure: protocol === "smtps:",
    requireTLS: username !== "",
    ...(isIP(host) === 0 && { servername: host, tls: { servername: host } }),
    ...(username !== "" && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  };
}

/** What the server said is not repeated: it can hold names and addresses. Its code says enough. */
function failureOf(error: unknown, expired: boolean): Sent {
  if (expired) return { kind: "failed", reason: `SMTP: not done within ${DEADLINE_MS / 1000} s`, again: true };
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const status = typeof responseCode === "number" ? responseCode : undefined;
  const name = typeof code === "string" && /^[A-Z_]{1,40}$/.test(code) ? ` ${code}` : "";
  return {
    kind: "failed",
    reason: `SMTP${name}${status === undefined ? "" : ` ${status}`}`,
    again: (status ?? 0) < 500,
  };
}

const idOf = (text: string): string => text.replaceAll(/[^A-Za-z0-9._-]/g, ".");
