import type { LockedPackage } from "./lockfile.mjs";

export function problemsOf(packages: readonly Pick<LockedPackage, "key" | "integrity">[]): readonly string[];
export function verdictOf(text: string): {
  readonly kind: "clean" | "vulnerable" | "unknown";
  readonly lines: readonly string[];
};
