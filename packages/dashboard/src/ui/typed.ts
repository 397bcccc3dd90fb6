import { useState } from "preact/hooks";

/** What an input is given so that it keeps what is typed. */
export interface Typed {
  readonly value: string;
  readonly onInput: (event: { readonly currentTarget: HTMLInputElement | HTMLTextAreaElement }) => void;
  readonly onBlur: () => void;
}

/**
 * For an input whose text is read as something else, a number or a list: `shown` is how the value reads, `read` is told each text. While
 * somebody types, their text stands, however often the page is drawn anew; afterwards it is the value again.
 */
export function useTyped(shown: string, read: (text: string) => void): Typed {
  const [text, setText] = useState<string>();
  return {
    value: text ?? shown,
    onInput: ({ currentTarget }) => {
      setText(currentTarget.value);
      read(currentTarget.value);
    },
    onBlur: () => setText(undefined),
  };
}
