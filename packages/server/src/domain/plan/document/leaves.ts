import { z } from "zod";
import { CONDITION_PATTERN } from "../grammar/condition.ts";
import { DURATION_PATTERN } from "../grammar/duration.ts";
import { MOMENT_PATTERN } from "../grammar/moment.ts";
import { PERCENTAGE_PATTERN } from "../grammar/percentage.ts";

/*
 * The leaves of the document. What a text has to look like is told to editors (`pattern`) but not checked by zod: the grammars
 * say more than "does not match". `title` is what the reference calls the type.
 */

/** Names of stages, triggers and reviews: what fits on a command line without quotes. */
export const NAME_PATTERN = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$";
/** A line for people. */
const LINE_LENGTH_MAX = 500;
/** A paragraph for people, or a command. */
const TEXT_LENGTH_MAX = 4_000;
/** PromQL that is longer belongs into a recording rule. */
const QUERY_LENGTH_MAX = 8_192;

interface Leaf {
  readonly examples: readonly (string | number)[];
  readonly default?: string | number | boolean;
}

const meta = (title: string, description: string, leaf: Leaf, pattern?: string) => ({
  title,
  description,
  examples: [...leaf.examples],
  ...(leaf.default === undefined ? {} : { default: leaf.default }),
  ...(pattern === undefined ? {} : { pattern }),
});

/** A span such as `90s`. The schema's pattern is for editors; the grammar reads it. */
export const duration = (description: string, leaf: Leaf = { examples: ["90s", "15m", "24h"] }) =>
  z.string().meta(meta("duration", description, leaf, DURATION_PATTERN));

/** A metric, an operator and a threshold, such as `p95 < 500ms`. */
export const condition = (description: string) =>
  z
    .string()
    .meta(
      meta(
        "condition",
        description,
        { examples: ["error_rate < 1%", "p95 >= 1000ms", "tickets >= baseline + 25%"] },
        CONDITION_PATTERN,
      ),
    );

/** Before or after something: a span with its sign, such as `-2h`. */
export const moment = (description: string) =>
  z.string().meta(meta("moment", description, { examples: ["-2h", "+24h"] }, MOMENT_PATTERN));

/** 0…100, as a number or with a percent sign; the grammar checks the decimals. */
export const percentage = (description: string, leaf: Leaf = { examples: [5, 12.5] }) =>
  z
    .union([z.number().min(0).max(100), z.string().meta({ pattern: PERCENTAGE_PATTERN })])
    .meta(meta("percentage", description, leaf));

/** Names a part of the plan, so that others can refer to it. */
export const name = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(64)
    .meta(meta("name", description, { examples: [example] }, NAME_PATTERN));

/** One line for people. */
export const line = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(LINE_LENGTH_MAX)
    .meta(meta("text", description, { examples: [example] }));

/** Some lines for people, or a command. */
export const prose = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(TEXT_LENGTH_MAX)
    .meta(meta("text", description, { examples: [example] }));

/** A text that may hold `${VARIABLE}`, to be filled in from the server's environment. */
export const template = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(2_000)
    .meta(meta("template", description, { examples: [example] }));

/** PromQL. Only Prometheus knows whether it is right. */
export const query = (description: string, example: string) =>
  z
    .string()
    .min(1)
    .max(QUERY_LENGTH_MAX)
    .meta(meta("PromQL", description, { examples: [example] }));

/** One of a few words; `standard`: what it is when left out. */
export const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  description: string,
  standard?: T[number],
) => z.enum(values).meta({ title: "choice", description, ...(standard === undefined ? {} : { default: standard }) });

/** One, or a list of them. */
export const oneOrMany = <T extends z.ZodType>(item: T, description: string, max: number) =>
  z.union([item, z.array(item).min(1).max(max)]).meta({ title: "one or a list", description });
