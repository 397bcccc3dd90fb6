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

export type Heading = "Flags:" | "Rollouts:" | "Insight:" | "Server and access:";
