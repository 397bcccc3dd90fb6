import type { FlagConfig, FlagDefinition, Segment, TokenKind } from "@rampart/core";
import type { ChangeMeta, TokenRecord } from "../../ports/store.ts";
import { FIRST_ENVIRONMENTS } from "../environments.ts";

/** 2026-01-05T02:00:00Z. */
export const AT = 1_767_578_400_000;

/** Bytes that look random, and are the same each time. */
export function countingRandom(): (sizeBytes: number) => Uint8Array {
  let next = 0;
  return (sizeBytes) =>
    Uint8Array.from({ length: sizeBytes }, () => (next = (next * 1_103_515_245 + 12_345) % 2_147_483_648) >>> 16);
}

export const booleanFlag = (key: string): FlagDefinition => ({
  key,
  type: "boolean",
  description: "",
  variants: { on: true, off: false },
  tags: [],
});

export const config = (key: string, over: Partial<FlagConfig> = {}): FlagConfig => ({
  enabled: true,
  offVariant: "off",
  targets: {},
  rules: [],
  fallthrough: { percentage: 0 },
  salt: key,
  bucketBy: "targetingKey",
  prerequisites: [],
  clientVisible: false,
  ...over,
});

/** The same configuration in each environment. */
export const everywhere = (one: FlagConfig): { readonly [environment: string]: FlagConfig } =>
  Object.fromEntries(FIRST_ENVIRONMENTS.map((environment) => [environment, one]));

export const segment = (key: string, over: Partial<Segment> = {}): Segment => ({
  key,
  description: "",
  included: [],
  excluded: [],
  rules: [],
  ...over,
});

export const meta = (action: string, over: Partial<ChangeMeta> = {}): ChangeMeta => ({
  actor: "token:t1",
  action,
  at: AT,
  ...over,
});

export const token = (id: string, over: { readonly kind?: TokenKind } & Partial<TokenRecord> = {}): TokenRecord => ({
  id,
  kind: "operator",
  name: `token ${id}`,
  environments: ["*"],
  roles: [],
  hash: id.padEnd(64, "0"),
  prefix: "rmp_operator_all_abcd",
  createdAt: AT,
  ...over,
});
