import type { ChannelView, JsonValue } from "@rampart/core";
import { Option, type Command } from "commander";
import { paths } from "../api/paths.ts";
import { usageError } from "../errors.ts";
import { readJsonObject } from "../input/json.ts";
import { collect, parsePair } from "../input/pairs.ts";
import type { Bind, Run } from "../run.ts";

interface AddOptions {
  readonly type?: string;
  readonly set?: readonly string[];
  readonly file?: string;
}

const TYPES = ["slack", "pagerduty", "webhook", "statuspage", "email", "otlp", "log"];

const ADD_HELP = `
Secrets: what is typed can be seen in the shell's history. Pipe it (--file -), or name a variable of the server that plans
may use: --set 'url=\${SLACK_WEBHOOK_URL}'

Examples:
  rampart notify channels add eng-slack --type slack --set 'url=\${SLACK_WEBHOOK_URL}'
  rampart notify channels add eng --type slack --file url.json --set 'template={{what}}: {{value}} against {{threshold}}'
`;

/** `rampart notify channels …`; without more it is `list`. */
export function defineChannels(notify: Command, bind: Bind, list: (run: Run) => Promise<void>): void {
  const channels = notify
    .command("channels")
    .summary("where notifications can go")
    .description("List the channels that the server has. Addresses and secrets are never shown.")
    .action(bind(list));
  channels
    .command("add <name>")
    .summary("make a channel, or replace it")
    .description("Make a channel, or replace all of its settings. The next message goes there.")
    .addOption(new Option("--type <type>", "what it is").choices(TYPES))
    .option("--set <name=value>", "a setting; more than once for a list of values", collect)
    .option("--file <path>", "settings, a JSON object; - reads stdin")
    .addHelpText("after", ADD_HELP)
    .action(bind<readonly [name: string], AddOptions>((run, [name], options) => add(run, name, options)));
  channels
    .command("remove <name>")
    .summary("remove a channel that was made here")
    .description("Remove a channel. Messages for it go to the server's log only.")
    .action(
      bind<readonly [name: string]>(async (run, [name]) => {
        await (await run.api()).request<undefined>({ method: "DELETE", path: paths.channel(name) });
        run.print({ name, removed: true }, () => `removed channel ${name}\n`);
      }),
    );
}

async function add(run: Run, name: string, { type, set = [], file }: AddOptions): Promise<void> {
  const fromFile = file === undefined ? {} : await readJsonObject(run.io, file);
  const body = { ...fromFile, ...(type !== undefined && { type }), ...settingsOf(set) };
  if (!Object.hasOwn(body, "type")) throw usageError("a channel needs a type", `give --type ${TYPES.join(", ")}`);
  const channel = await (await run.api()).request<ChannelView>({ method: "PUT", path: paths.channel(name), body });
  run.print(channel, () => `saved channel ${channel.name} (${channel.type})\n`);
  if (!run.json) run.note(`see whether it is reached: rampart notify test ${channel.name}`);
}

/** A setting that is given more than once is a list. All are texts, as in the channels file. */
function settingsOf(pairs: readonly string[]): { readonly [name: string]: JsonValue } {
  const values = new Map<string, readonly string[]>();
  for (const pair of pairs) {
    const [name, value] = parsePair("--set", pair);
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? "") : [...all]]));
}
