import type { RolloutCommand } from "@rampart/core";

/** The paths of the API, each part percent-encoded: a flag's key may hold a slash. */
export const paths = {
  environments: "/api/v1/environments",
  flags: "/api/v1/flags",
  flag: (key: string) => `/api/v1/flags/${encodeURIComponent(key)}`,
  config: (environment: string, key: string) => `${environmentPath(environment)}/flags/${encodeURIComponent(key)}`,
  evaluations: (environment: string, key: string) => `${paths.config(environment, key)}/evaluations`,
  rollout: (environment: string, key: string) => `${paths.config(environment, key)}/rollout`,
  kill: (environment: string, key: string) => `${paths.config(environment, key)}/kill`,
  restore: (environment: string, key: string) => `${paths.config(environment, key)}/restore`,
  evaluate: (environment: string) => `${environmentPath(environment)}/evaluate`,
  clients: (environment: string) => `${environmentPath(environment)}/clients`,
  receipts: (environment: string) => `${environmentPath(environment)}/receipts`,
  receiptsOf: (environment: string, revision: number) => `${paths.receipts(environment)}/${revision}`,
  segments: "/api/v1/segments",
  segment: (key: string) => `/api/v1/segments/${encodeURIComponent(key)}`,
  tokens: "/api/v1/tokens",
  token: (id: string) => `/api/v1/tokens/${encodeURIComponent(id)}`,
  audit: "/api/v1/audit",
  auditExport: "/api/v1/audit/export",
  auditKey: "/api/v1/audit/key",
  planBacktest: "/api/v1/plans/backtest",
  rollouts: "/api/v1/rollouts",
  rolloutById: (id: string) => `/api/v1/rollouts/${encodeURIComponent(id)}`,
  rolloutCommand: (id: string, command: RolloutCommand) => `${paths.rolloutById(id)}/${command}`,
  rolloutEvents: (id: string) => `${paths.rolloutById(id)}/events`,
  rolloutEvidence: (id: string) => `${paths.rolloutById(id)}/evidence`,
  signals: "/api/v1/signals",
  channels: "/api/v1/channels",
  channel: (name: string) => `${paths.channels}/${encodeURIComponent(name)}`,
  channelTest: (name: string) => `${paths.channels}/${encodeURIComponent(name)}/test`,
  outbox: "/api/v1/outbox",
  outboxResend: "/api/v1/outbox/resend",
} as const;

function environmentPath(environment: string): string {
  return `/api/v1/environments/${encodeURIComponent(environment)}`;
}
