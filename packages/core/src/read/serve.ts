import type { FlagType, Serve, SplitShare, Variants } from "../model/flag.ts";
import { show } from "../model/show.ts";
import { PERCENTAGE_HINT, percentageFault, THOUSANDTHS, thousandthsOf } from "../model/thousandths.ts";
import { readItems, readRecord, type Problems } from "./value.ts";

/** The part of a flag that its rules and fallthrough refer to. */
export interface Servable {
  readonly type: FlagType;
  readonly variants: Variants;
}

/** Reads the name of a variant that the flag has. */
export function readVariantName(value: unknown, flag: Servable, at: string, problems: Problems): string | undefined {
  if (typeof value === "string" && Object.hasOwn(flag.variants, value)) return value;
  const names = Object.keys(flag.variants).map(show).join(", ");
  problems.push({ pointer: at, detail: `${show(value)} is not a variant of this flag`, hint: `one of ${names}` });
  return undefined;
}

/** Reads what a rule or the fallthrough gives: percentages in range, splits that add up, variants that exist. */
export function readServe(value: unknown, flag: Servable, at: string, problems: Problems): Serve | undefined {
  const serve = readRecord(value, at, problems);
  if (serve === undefined) return undefined;
  if (serve.variant !== undefined) {
    const variant = readVariantName(serve.variant, flag, `${at}/variant`, problems);
    return variant === undefined ? undefined : { variant };
  }
  if (serve.percentage !== undefined) return readPercentageServe(serve.percentage, flag, `${at}/percentage`, problems);
  if (serve.split !== undefined) return readSplit(serve.split, flag, `${at}/split`, problems);
  problems.push({ pointer: at, detail: "says nothing to serve", hint: "variant, percentage or split" });
  return undefined;
}

function readPercentageServe(value: unknown, flag: Servable, at: string, problems: Problems): Serve | undefined {
  if (flag.type !== "boolean") {
    problems.push({ pointer: at, detail: `a ${flag.type} flag has no percentage`, hint: "a split over its variants" });
    return undefined;
  }
  const percentage = readPercentage(value, at, problems);
  return percentage === undefined ? undefined : { percentage };
}

function readPercentage(value: unknown, at: string, problems: Problems): number | undefined {
  if (typeof value === "number" && thousandthsOf(value) !== undefined) return value;
  problems.push({ pointer: at, detail: `${show(value)} ${percentageFault(value)}`, hint: PERCENTAGE_HINT });
  return undefined;
}

function readSplit(value: unknown, flag: Servable, at: string, problems: Problems): Serve | undefined {
  const split = readItems(value, at, problems, (item, itemAt) => readShare(item, flag, itemAt, problems));
  if (split === undefined) return undefined;
  const sum = split.reduce((thousandths, share) => thousandths + (thousandthsOf(share.percentage) ?? 0), 0);
  if (sum === THOUSANDTHS) return { split };
  problems.push({ pointer: at, detail: `the shares add up to ${sum / 1000} %`, hint: "exactly 100" });
  return undefined;
}

function readShare(value: unknown, flag: Servable, at: string, problems: Problems): SplitShare | undefined {
  const share = readRecord(value, at, problems);
  if (share === undefined) return undefined;
  const variant = readVariantName(share.variant, flag, `${at}/variant`, problems);
  const percentage = readPercentage(share.percentage, `${at}/percentage`, problems);
  return variant === undefined || percentage === undefined ? undefined : { variant, percentage };
}
