import type { FlagConfig, FlagDefinition } from "@rampart/core";
import { defaultConfig, defaultVariants } from "@rampart/core";
import type { ConfigRecord } from "../records.ts";

/** 2026-01-05T02:00:00Z. */
export const AT = 1_767_578_400_000;

export const booleanFlag = (key: string): FlagDefinition => ({
  key,
  type: "boolean",
  description: "",
  variants: defaultVariants("boolean"),
  tags: [],
});

export const stringFlag = (key: string): FlagDefinition => ({
  ...booleanFlag(key),
  type: "string",
  variants: { red: "#f00", blue: "#00f" },
});

/** A flag's configuration in production at revision 7. */
export const record = (definition: FlagDefinition, over: Partial<FlagConfig> = {}): ConfigRecord => ({
  environment: "production",
  key: definition.key,
  config: { ...defaultConfig(definition), ...over },
  revision: 7,
  updatedAt: AT,
  updatedBy: "token:t1",
});
