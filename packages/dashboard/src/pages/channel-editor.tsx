import type { ChannelView } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../api/call.ts";
import { refresh } from "../api/resource.ts";
import { CommandDialog } from "../ui/dialog.tsx";
import { say } from "../ui/toast.tsx";

type ChannelType = ChannelView["type"];

interface Setting {
  readonly name: string;
  readonly label: string;
  readonly example: string;
  readonly isOptional?: boolean;
  /** More than one, with commas between. */
  readonly isList?: boolean;
}

const TEMPLATE: Setting = {
  name: "template",
  label: "Text in place of ours (optional)",
  example: "{{what}}: {{value}} against {{threshold}}",
  isOptional: true,
};

const SETTINGS: Readonly<Record<ChannelType, readonly Setting[]>> = {
  slack: [{ name: "url", label: "Address of the incoming webhook", example: "${SLACK_WEBHOOK_URL}" }, TEMPLATE],
  pagerduty: [
    { name: "routingKey", label: "Routing key", example: "${PAGERDUTY_ROUTING_KEY}" },
    { name: "url", label: "Address, for the EU region (optional)", example: "https://…", isOptional: true },
    TEMPLATE,
  ],
  webhook: [
    { name: "url", label: "Address", example: "https://hooks.team.example/rampart" },
    { name: "secret", label: "Secrets that sign, with commas between", example: "${WEBHOOK_SECRET}", isList: true },
    TEMPLATE,
  ],
  email: [
    { name: "url", label: "Mail server", example: "smtp://user:${SMTP_PASSWORD}@mail.team.example:587" },
    { name: "from", label: "From", example: "Rampart <rampart@team.example>" },
    { name: "to", label: "To, with commas between", example: "product@team.example", isList: true },
    TEMPLATE,
  ],
  statuspage: [
    { name: "page", label: "Page", example: "${STATUSPAGE_PAGE}" },
    { name: "apiKey", label: "API key", example: "${STATUSPAGE_API_KEY}" },
    { name: "title", label: "Title that the public reads", example: "A recent change was taken back" },
  ],
  otlp: [
    { name: "url", label: "Where the collector takes logs", example: "http://collector.team.example:4318/v1/logs" },
    {
      name: "header",
      label: "Headers, with commas between (optional)",
      example: "x-api-key: ${COLLECTOR_KEY}",
      isOptional: true,
      isList: true,
    },
  ],
  log: [],
};

/** Makes a channel, or replaces all settings of one: what is stored is never read back. */
export function ChannelEditor({
  channel,
  onClose,
}: {
  /** Undefined: a new one. */
  readonly channel: ChannelView | undefined;
  readonly onClose: () => void;
}) {
  const [name, setName] = useState(channel?.name ?? "");
  const [type, setType] = useState<ChannelType>(channel?.type ?? "slack");
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const save = async (): Promise<void> => {
    const body = { type, ...settingsOf(SETTINGS[type], values) };
    await call<ChannelView>("PUT", `/api/v1/channels/${encodeURIComponent(name.trim())}`, { body });
    refresh("/api/v1/channels");
    say(`${name.trim()} is saved. Test it: nobody is called.`);
  };
  return (
    <CommandDialog
      title={channel === undefined ? "New channel" : `Replace ${channel.name}`}
      verb="Save"
      onClose={onClose}
      onConfirm={save}
    >
      <p class="soft">
        Settings are stored encrypted and never shown again. <code>{"${NAME}"}</code> stands for a variable of the
        server.
      </p>
      {channel === undefined ? (
        <label class="field">
          <span class="label">Name, as plans call it</span>
          <input
            class="input mono"
            value={name}
            placeholder="eng-slack"
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
      ) : null}
      <label class="field">
        <span class="label">Type</span>
        <select class="input" value={type} onChange={(event) => setType(event.currentTarget.value as ChannelType)}>
          {Object.keys(SETTINGS).map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      {SETTINGS[type].map((setting) => (
        <label class="field" key={`${type} ${setting.name}`}>
          <span class="label">{setting.label}</span>
          <input
            class="input mono"
            value={values[setting.name] ?? ""}
            placeholder={setting.example}
            autocomplete="off"
            onInput={(event) => setValues({ ...values, [setting.name]: event.currentTarget.value })}
          />
        </label>
      ))}
    </CommandDialog>
  );
}

/** What was filled in; an optional setting that was not is left out. */
function settingsOf(
  settings: readonly Setting[],
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string | readonly string[]>> {
  return Object.fromEntries(
    settings.flatMap(({ name, isOptional, isList }) => {
      const value = (values[name] ?? "").trim();
      if (value === "" && isOptional === true) return [];
      const parts = value.split(",").map((part) => part.trim());
      return [[name, isList === true && parts.length > 1 ? parts : value] as const];
    }),
  );
}
