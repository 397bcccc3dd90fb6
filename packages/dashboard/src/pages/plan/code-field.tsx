import type { PlanProblemView } from "@rampart/core";
import { useEffect, useRef } from "preact/hooks";
import { rangeOf } from "./check.ts";
import { type CodeEditor, createCode } from "./code.ts";
import type { Schema } from "./complete.ts";

export interface CodeFieldProps {
  readonly label: string;
  /** What the editor begins with, and after that what it said last: it is ahead of the page while somebody types fast. */
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly schema?: Schema | undefined;
  readonly problems?: readonly PlanProblemView[];
  readonly warnings?: readonly PlanProblemView[];
}

/** An editor whose problems stand at their lines. */
export function CodeField({ label, text, onChange, schema, problems = NONE, warnings = NONE }: CodeFieldProps) {
  const holder = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeEditor>(undefined);
  const latest = useRef({ onChange, schema });
  latest.current = { onChange, schema };
  useEffect(() => {
    if (holder.current === null) return undefined;
    const made = createCode({
      holder: holder.current,
      text,
      label,
      onChange: (changed) => latest.current.onChange(changed),
      schema: () => latest.current.schema,
    });
    editor.current = made;
    return () => made.destroy();
  }, []);
  useEffect(() => {
    const marks = (found: readonly PlanProblemView[], severity: "error" | "warning") =>
      found.map((problem) => ({ ...rangeOf(text, problem), severity, message: `${problem.message}\n${problem.hint}` }));
    editor.current?.mark([...marks(problems, "error"), ...marks(warnings, "warning")]);
  }, [problems, warnings]);
  return <div class="code-field" ref={holder} />;
}

const NONE: readonly PlanProblemView[] = [];
