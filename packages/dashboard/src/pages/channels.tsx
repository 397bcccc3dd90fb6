import { plural } from "@rampart/core";
import type { ChannelList, ChannelTest, ChannelView, OutboxView, Page } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../api/call.ts";
import { refresh, useResource } from "../api/resource.ts";
import { boundTo, may } from "../api/session.ts";
import { CommandDialog } from "../ui/dialog.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { Badge } from "../ui/status.tsx";
import { Ago, In } from "../ui/time.tsx";
import { attempt, complain, say } from "../ui/toast.tsx";
import { ChannelEditor } from "./channel-editor.tsx";

const STATUSES = ["dead", "waiting", "sent"] as const;

/** Where notifications go, and those that are under way or were given up. */
export function ChannelsPage() {
  if (boundTo() === undefined) return <Channels />;
  return (
    <>
      <h1>Channels</h1>
      <Empty title="Only a token for all environments sees channels" />
    </>
  );
}

function Channels() {
  const channels = useResource<ChannelList>("/api/v1/channels", { everyMs: 15_000 });
  const [status, setStatus] = useState<(typeof STATUSES)[number]>("dead");
  const outbox = useResource<Page<OutboxView>>(`/api/v1/outbox?status=${status}&limit=100`, { everyMs: 10_000 });
  const [asked, ask] = useState<Asked>();
  const mayWrite = may("channels:write", "*");
  return (
    <>
      <div class="page-head">
        <div class="stack-tight">
          <h1>Channels</h1>
          <p class="soft">Where plans send word: who is told, and what could not be delivered.</p>
        </div>
        {mayWrite ? (
          <button type="button" class="button button-primary" onClick={() => ask({ to: "save" })}>
            New channel
          </button>
        ) : null}
      </div>
      <section class="card card-table" aria-label="Channels">
        <Shown resource={channels}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No channel yet">
                <p>Notifications only go to the server's log.</p>
              </Empty>
            ) : (
              <ChannelTable channels={items} mayWrite={mayWrite} onAsk={ask} />
            )
          }
        </Shown>
      </section>
      {asked?.to === "save" ? <ChannelEditor channel={asked.channel} onClose={() => ask(undefined)} /> : null}
      {asked?.to === "remove" ? <RemoveChannel channel={asked.channel} onClose={() => ask(undefined)} /> : null}
      <section class="card" aria-labelledby="messages">
        <div class="card-head">
          <h2 id="messages">Messages</h2>
          <div class="tabs" role="group" aria-label="Which">
            {STATUSES.map((one) => (
              <button
                type="button"
                key={one}
                aria-current={status === one ? "page" : undefined}
                onClick={() => setStatus(one)}
              >
                {WORDS[one]}
              </button>
            ))}
          </div>
        </div>
        <Shown resource={outbox}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title={NONE[status]} />
            ) : (
              <MessageList messages={items} isDead={status === "dead"} />
            )
          }
        </Shown>
      </section>
    </>
  );
}

type Asked =
  | { readonly to: "save"; readonly channel?: ChannelView }
  | { readonly to: "remove"; readonly channel: ChannelView };

function RemoveChannel({ channel, onClose }: { readonly channel: ChannelView; readonly onClose: () => void }) {
  const remove = async (): Promise<void> => {
    await call("DELETE", `/api/v1/channels/${encodeURIComponent(channel.name)}`);
    refresh("/api/v1/channels");
    say(`${channel.name} is removed.`);
  };
  return (
    <CommandDialog title={`Remove ${channel.name}?`} verb="Remove" onClose={onClose} onConfirm={remove}>
      <p>What plans have to say to it, and what waits for it, goes to the server's log only.</p>
    </CommandDialog>
  );
}

const WORDS = { dead: "Given up", waiting: "Under way", sent: "Sent" } as const;
const NONE = { dead: "Nothing was given up", waiting: "Nothing is under way", sent: "Nothing was sent yet" } as const;

interface ChannelTableProps {
  readonly channels: readonly ChannelView[];
  readonly mayWrite: boolean;
  readonly onAsk: (asked: Asked) => void;
}

function ChannelTable({ channels, mayWrite, onAsk }: ChannelTableProps) {
  return (
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Type</th>
          <th>Made by</th>
          <th>State</th>
          <th>
            <span class="visually-hidden">Commands</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {channels.map((channel) => (
          <tr key={channel.name}>
            <td>{channel.name}</td>
            <td>{channel.type}</td>
            <td>{channel.source}</td>
            <td>
              {channel.state === "ready" ? (
                <Badge tone="good" mark="✓">
                  ready
                </Badge>
              ) : (
                <Badge tone="bad" mark="!">
                  disabled
                </Badge>
              )}
              {channel.reason === undefined ? null : <span class="soft"> {channel.reason}</span>}
            </td>
            <td>
              <span class="row">
                {may("channels:test", "*") ? (
                  <button type="button" class="button button-small" onClick={() => void test(channel.name)}>
                    Test<span class="visually-hidden"> {channel.name}</span>
                  </button>
                ) : null}
                {mayWrite && channel.source === "api" ? (
                  <>
                    <button type="button" class="button button-small" onClick={() => onAsk({ to: "save", channel })}>
                      Replace<span class="visually-hidden"> {channel.name}</span>
                    </button>
                    <button type="button" class="button button-small" onClick={() => onAsk({ to: "remove", channel })}>
                      Remove<span class="visually-hidden"> {channel.name}</span>
                    </button>
                  </>
                ) : null}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

async function test(name: string): Promise<void> {
  try {
    const { delivered, reason } = await call<ChannelTest>("POST", `/api/v1/channels/${encodeURIComponent(name)}/test`);
    if (delivered) say(`${name} took a message.`);
    else complain(new Error(`${name} did not take it: ${reason ?? "no reason given"}`));
  } catch (thrown) {
    complain(thrown);
  }
}

function MessageList({ messages, isDead }: { readonly messages: readonly OutboxView[]; readonly isDead: boolean }) {
  const resend = (body: object, done: string): void =>
    attempt(
      call("POST", "/api/v1/outbox/resend", { body }).finally(() => refresh("/api/v1/outbox")),
      done,
    );
  return (
    <>
      <ul class="needs">
        {messages.map((message) => (
          <li key={message.key}>
            <span class="grow">
              <strong>{message.subject}</strong> <span class="soft">to {message.channel}</span>
              <br />
              <span class="soft small">
                <a href={`/rollouts/${message.rolloutId}`}>rollout</a>, {plural(message.attempts, "attempt")}, made{" "}
                <Ago at={message.createdAt} />
                {message.status === "waiting" ? (
                  <>
                    , tried <In at={message.dueAt} />
                  </>
                ) : null}
                {message.lastError === undefined ? "" : `: ${message.lastError}`}
              </span>
            </span>
            {isDead && may("channels:test", "*") ? (
              <button
                type="button"
                class="button button-small"
                onClick={() => resend({ key: message.key }, "Under way again.")}
              >
                Send again<span class="visually-hidden"> {message.subject}</span>
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {isDead && messages.length > 1 && may("channels:test", "*") ? (
        <div class="card-body">
          <button type="button" class="button" onClick={() => resend({ allDead: true }, "All are under way again.")}>
            Send all again
          </button>
        </div>
      ) : null}
    </>
  );
}
