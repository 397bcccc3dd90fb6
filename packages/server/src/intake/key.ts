import type { Measured } from "../ports/unit-intake.ts";

/** One text for each flag and metric. */
export const keyOf = ({ environment, flag, metric }: Measured): string => JSON.stringify([environment, flag, metric]);

/** The inverse of `keyOf`, for what it wrote. */
export function measuredOf(key: string): Measured {
  const [environment = "", flag = "", metric = ""] = JSON.parse(key) as readonly string[];
  return { environment, flag, metric };
}
