import type { ChannelList, ChannelTest, ChannelView, OutboxView, Page, Resent } from "@rampart/core";
import { paths } from "../api/paths.ts";
import { usageError } from "../errors.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { parseNumber } from "../input/count.ts";
import { ago, orDash, plural } from "../output/format.ts";
import type { Paint } from "../output/style.ts";
import { table } from "../output/table.ts";
import { printable } from "../output/text.ts";
import type { Run } from "../run.ts";
import type { Define } from "./group.ts";
import { defineChannels } from "./notify-channels.ts";

/** A receiver may take its 15 s, a mail server a minute. */
const TEST_TIMEOUT_MS = 70_000;

const OUTBOX_SHOWN = 50;

interface ResendOptions {
  readonly allDead?: boolean;
  readonly channel?: string;
}

interface OutboxOptions {
  readonly dead?: boolean;
  readonly waiting?: boolean;
  readonly limit: number;
}

/** `rampart notify …` */
export const define: Define = (notify, bind) => {
  defineChannels(notify, bind, listChannels);
  notify
    .command("test <channel>")
    .summary("send a test message to a channel")
    .description("Send a message that says it is a test. Nobody is paged, and a public status page shows nothing.")
    .action(bind<readonly [channel: string]>((run, [channel]) => testChannel(run, channel)));
  notify
    .command("outbox")
    .summary("what was sent, what waits for another try, what was given up")
    .description("List notifications, the newest first.")
    .option("--dead", "only those that were given up")
    .option("--waiting", "only those that wait")
    .option("--limit <number>", "how many at most", parseNumber("rampart notify outbox"), OUTBOX_SHOWN)
    .action(bind<readonly [], OutboxOptions>((run, _, options) => listOutbox(run, options)));
  notify
    .command("resend [key]")
    .summary("send again what was given up")
    .description(
      "Send a message that was given up again, with all its tries. A page that comes late pages all the same.",
    )
    .option("--all-dead", "all that were given up, in place of one")
    .option("--channel <name>", "with --all-dead: only those of this channel")
    .action(
      bind<readonly [key: string | undefined], ResendOptions>((run, [key], options) => resend(run, key, options)),
    );
};

async function listChannels(run: Run): Promise<void> {
  const api = await run.api();
  const { items } = await api.request<ChannelList>({ path: paths.channels });
  run.print({ items }, () => channelsText(run, items));
  if (!run.json && items.length <= 1)
    run.note(
      "only the server's log: make one (rampart notify channels add eng-slack --type slack --set url=…), or name channels in a file and start the server with RAMPART_CHANNELS=<file>",
    );
}

function channelsText(run: Run, items: readonly ChannelView[]): string {
  return table(
    [
      { title: "CHANNEL", shrinkTo: 12 },
      { title: "TYPE" },
      { title: "FROM" },
      { title: "STATE" },
      { title: "WHY", shrinkTo: 12 },
    ],
    items.map(({ name, type, source, state, reason }) => [
      { text: name, paint: "bold" },
      type,
      source,
      { text: state, paint: state === "ready" ? "green" : "red" },
      orDash(reason),
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

async function testChannel(run: Run, channel: string): Promise<ExitCode> {
  const api = await run.api({ timeoutMs: TEST_TIMEOUT_MS });
  const result = await api.request<ChannelTest>({ method: "POST", path: paths.channelTest(channel) });
  run.print(result, () => "");
  if (!run.json)
    run.note(
      result.delivered
        ? `delivered: look at ${printable(channel)}`
        : `not delivered to ${printable(channel)}: ${printable(result.reason ?? "no reason was given")}`,
    );
  return result.delivered ? EXIT.ok : EXIT.failure;
}

const STATUSES: { readonly [status in OutboxView["status"]]: Paint } = {
  sent: "green",
  waiting: "yellow",
  dead: "red",
};

async function listOutbox(run: Run, { dead, waiting, limit }: OutboxOptions): Promise<void> {
  const status = dead === true ? "dead" : waiting === true ? "waiting" : undefined;
  const api = await run.api();
  const query = { limit: String(limit), ...(status !== undefined && { status }) };
  const { items } = await api.request<Page<OutboxView>>({ path: paths.outbox, query });
  run.print({ items }, () => (items.length === 0 ? "" : outboxText(run, items)));
  if (run.json) return;
  if (items.length === 0) run.note(status === undefined ? "nothing was sent yet" : `no notification is ${status}`);
  else if (status === "dead")
    run.note(
      `${plural(items.length, "notification")} given up. Test the channel: rampart notify test CHANNEL; then send them again: rampart notify resend KEY, or --all-dead`,
    );
}

function outboxText(run: Run, items: readonly OutboxView[]): string {
  const now = run.io.now();
  return table(
    [
      { title: "WHEN" },
      { title: "STATUS" },
      { title: "CHANNEL", shrinkTo: 10 },
      { title: "EVENT" },
      { title: "ROLLOUT", shrinkTo: 8, optional: true },
      { title: "TRIES", align: "right" },
      { title: "LAST ERROR", shrinkTo: 12 },
      { title: "KEY", shrinkTo: 12, optional: true },
    ],
    items.map(({ createdAt, status, channel, event, rolloutId, attempts, lastError, key }) => [
      { text: ago(createdAt, now), paint: "dim" },
      { text: status, paint: STATUSES[status] },
      channel,
      event,
      rolloutId,
      String(attempts),
      orDash(lastError),
      key,
    ]),
    { style: run.style, columns: run.io.stdout.columns },
  );
}

async function resend(run: Run, key: string | undefined, { allDead, channel }: ResendOptions): Promise<void> {
  if ((key !== undefined) === (allDead === true))
    throw usageError("name one message, or say --all-dead", "keys are in: rampart notify outbox --dead");
  if (channel !== undefined && allDead !== true) throw usageError("--channel goes with --all-dead");
  const body = key === undefined ? { allDead: true, ...(channel !== undefined && { channel }) } : { key };
  const api = await run.api();
  const answer = await api.request<Resent>({ method: "POST", path: paths.outboxResend, body });
  run.print(answer, () => `${plural(answer.resent, "notification")} under way again\n`);
}
