import type { Command } from "commander";
import type { Bind } from "../run.ts";

/** Adds a group's arguments, options and subcommands to its command. Declares only: whatever is heavy is imported by the handlers. */
export type Define = (command: Command, bind: Bind) => void;

/** A command of the first level. Its module is imported when the command line asks for it. */
export interface Group {
  readonly name: string;
  /** One line in the list of commands. */
  readonly summary: string;
  /** The heading it stands under in the list of commands. */
  readonly heading: Heading;
  readonly load: () => Promise<Define>;
  /** Options that every command takes but this one has no use for are not shown in its help. */
  readonly local?: boolean;
  readonly hidden?: boolean;
}

/** Whose command is whose, so that whoever holds a command can load what it is made of without knowing all groups. */
const groups = new WeakMap<Command, Group>();
/** Parsing and completion may both ask for one. */
const loaded = new WeakSet<Command>();

/** Makes `command` the command of `group`; what it takes is added by `loadGroup`. */
export function assignGroup(command: Command, group: Group): void {
  groups.set(command, group);
}

/** Adds a group's own options and subcommands to its command. */
export async function loadGroup(command: Command, bind: Bind): Promise<void> {
  const group = groups.get(command);
  if (group === undefined || loaded.has(command)) return;
  loaded.add(command);
  const define = await group.load();
  define(command, bind);
}

/** Whether a command, or the group it belongs to, talks to no server. */
export function isLocal(command: Command): boolean {
  if (command.parent === null) return true;
  return command.parent.parent === null ? groups.get(command)?.local === true : isLocal(command.parent);
}

/** What groups stand under in the list of commands. */
export type Heading = "Flags:" | "Rollouts:" | "Insight:" | "Server and access:";
