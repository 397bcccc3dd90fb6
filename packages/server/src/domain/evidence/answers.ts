import type { Cause } from "../rollout/cause.ts";
import type { KeptAnswer } from "../rollout/effect.ts";

/** Characters of all answers that one decision keeps: a dozen full ones, or a hundred of the usual size. */
export const ANSWERS_CHARACTERS_MAX = 48 * 1024;

/** What of a decision says which metrics it was about. */
interface Decision {
  readonly cause?: Pick<Cause, "subject" | "condition">;
  readonly criteria: readonly { readonly criterion: string }[];
}

/** Decisions with what the sources had said to the newest round of questions. */
export function withAnswers<D extends Decision>(
  decisions: readonly D[],
  answers: readonly KeptAnswer[],
): readonly (D & { readonly answers?: readonly KeptAnswer[] })[] {
  return answers.length === 0 ? decisions : decisions.map((one) => ({ ...one, answers: answersOf(one, answers) }));
}

/** The answers that a decision keeps: those of the metrics that it names first, and as many of the others as there is room for. */
export function answersOf({ cause, criteria }: Decision, answers: readonly KeptAnswer[]): readonly KeptAnswer[] {
  const said = [cause?.subject, cause?.condition, ...criteria.map(({ criterion }) => criterion)].join(" ");
  const named = new Set(said.match(/[\w.-]+/g));
  const isNamed = ({ metric }: KeptAnswer): boolean => named.has(metric);
  const kept: KeptAnswer[] = [];
  let room = ANSWERS_CHARACTERS_MAX;
  for (const one of [...answers.filter(isNamed), ...answers.filter((answer) => !isNamed(answer))]) {
    room -= one.metric.length + (one.answer?.length ?? 0) + (one.reason?.length ?? 0);
    if (room < 0) break;
    kept.push(one);
  }
  return kept;
}
