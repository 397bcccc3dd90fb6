import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { fitsAt, type Schema } from "./complete.ts";

/** A text editor on the page. */
export interface CodeEditor {
  /** Marks what is wrong. */
  mark(diagnostics: readonly Diagnostic[]): void;
  destroy(): void;
}

/** What an editor is made from. */
export interface CodeOptions {
  readonly holder: HTMLElement;
  /** What it begins with. */
  readonly text: string;
  readonly label: string;
  readonly onChange: (text: string) => void;
  /** What completion goes by; undefined: there is none. */
  readonly schema?: () => Schema | undefined;
}

/** Makes an editor for YAML in `holder`. Tab moves the focus on, as everywhere else on the page. */
export function createCode({ holder, text, label, onChange, schema = () => undefined }: CodeOptions): CodeEditor {
  const complete = (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[\w-]*/);
    const known = schema();
    if (known === undefined || word === null || (word.from === word.to && !context.explicit)) return null;
    const before = context.state.sliceDoc(0, word.from);
    const options = fitsAt(before, known).map(({ label, description }) => ({
      label,
      ...(description === undefined ? {} : { info: description }),
    }));
    return options.length === 0 ? null : { from: word.from, options };
  };
  // In a document the library writes style elements, which the page's policy forbids; in a shadow root it adopts style sheets.
  const root = holder.shadowRoot ?? holder.attachShadow({ mode: "open" });
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        EditorView.lineWrapping,
        history(),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        yaml(),
        syntaxHighlighting(classHighlighter),
        lintGutter(),
        autocompletion({ override: [complete] }),
        EditorView.contentAttributes.of({ "aria-label": label }),
        EditorView.updateListener.of((update) => update.docChanged && onChange(update.state.doc.toString())),
        THEME,
      ],
    }),
  });
  // Longer texts are scrolled by key, too.
  view.scrollDOM.tabIndex = 0;
  return {
    mark(diagnostics) {
      const end = view.state.doc.length;
      const fitting = diagnostics.filter(({ to }) => to <= end);
      view.dispatch(setDiagnostics(view.state, fitting));
    },
    destroy: () => view.destroy(),
  };
}

const THEME = EditorView.theme({
  "&": { backgroundColor: "var(--surface)", color: "var(--text)", fontSize: "0.87rem" },
  "&.cm-editor": { maxHeight: "36rem" },
  ".cm-scroller": { overflow: "auto" },
  ".tok-propertyName": { color: "var(--accent)" },
  ".tok-number, .tok-bool": { color: "var(--warn)" },
  ".tok-comment": { color: "var(--text-soft)", fontStyle: "italic" },
  ".tok-punctuation": { color: "var(--text-soft)" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--sunken)", color: "var(--text-soft)", border: "0" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "-1px" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--line)" },
  ".cm-diagnostic": { padding: "0.3rem 0.6rem" },
  ".cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent) !important" },
});
