import { useState } from "preact/hooks";
import type { ComponentChildren } from "preact";

/** The table that stands for a chart: made when it is opened, not with each new point. */
export function AsTable({ children }: { readonly children: () => ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="small" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen ? children() : null}
    </details>
  );
}
