import type { Group } from "./group.ts";

/** Every command of the first level, in the order of the help. A new group is a line here and a module of its own. */
export const GROUPS: readonly Group[] = [
  {
    name: "flags",
    summary: "list, create, ramp, kill and restore flags",
    heading: "Flags:",
    load: async () => (await import("./flags/index.ts")).define,
  },
  {
    name: "eval",
    summary: "evaluate a flag for one user, and explain the answer",
    heading: "Flags:",
    load: async () => (await import("./eval.ts")).define,
  },
  {
    name: "segments",
    summary: "named sets of users that rules can refer to",
    heading: "Flags:",
    load: async () => (await import("./segments.ts")).define,
  },
  {
    name: "rollout",
    summary: "start, watch, approve, pause and roll back rollouts",
    heading: "Rollouts:",
    load: async () => (await import("./rollout/index.ts")).define,
  },
  {
    name: "signal",
    summary: "tell rollouts a fact from outside: a number, or that something happened",
    heading: "Rollouts:",
    load: async () => (await import("./signal.ts")).define,
  },
  {
    name: "plan",
    summary: "check a plan, play it against a scenario, print its schema",
    heading: "Rollouts:",
    load: async () => (await import("./plan/index.ts")).define,
    local: true,
  },
  {
    name: "clients",
    summary: "the SDKs that are connected, and what each of them has",
    heading: "Insight:",
    load: async () => (await import("./clients.ts")).define,
  },
  {
    name: "audit",
    summary: "who changed what, why and when; verify that nobody changed the record",
    heading: "Insight:",
    load: async () => (await import("./audit/index.ts")).define,
  },
  {
    name: "server",
    summary: "run a server",
    heading: "Server and access:",
    load: async () => (await import("./server.ts")).define,
    local: true,
  },
  {
    name: "backup",
    summary: "copy a server's database to a file, while it runs",
    heading: "Server and access:",
    load: async () => (await import("./backup.ts")).define,
    local: true,
  },
  {
    name: "restore",
    summary: "put a backup in the place of a stopped server's database",
    heading: "Server and access:",
    load: async () => (await import("./restore.ts")).define,
    local: true,
  },
  {
    name: "login",
    summary: "remember a server and a token for this user account",
    heading: "Server and access:",
    load: async () => (await import("./login.ts")).define,
  },
  {
    name: "logout",
    summary: "forget what login remembered",
    heading: "Server and access:",
    load: async () => (await import("./logout.ts")).define,
    local: true,
  },
  {
    name: "tokens",
    summary: "list, create and revoke tokens and SDK keys",
    heading: "Server and access:",
    load: async () => (await import("./tokens.ts")).define,
  },
  {
    name: "completion",
    summary: "print the completion script for bash, zsh or fish",
    heading: "Server and access:",
    load: async () => (await import("./completion/index.ts")).define,
    local: true,
  },
  {
    name: "__complete",
    summary: "candidates for the word at the cursor, one a line",
    heading: "Server and access:",
    load: async () => (await import("./completion/complete.ts")).define,
    local: true,
    hidden: true,
  },
];
