import { useState } from "preact/hooks";
import { Clock } from "./time.tsx";

/** An instant, and what there is to say of it, a column each. */
export type InstantRow = readonly [at: string, ...cells: readonly (string | undefined)[]];

export interface AsTableProps {
  /** Of the columns beside the instant. */
  readonly names: readonly string[];
  readonly rows: () => readonly InstantRow[];
}

/** The table that stands for a chart: made when it is opened, not with each new point. */
export function AsTable({ names, rows }: AsTableProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="small" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a table</summary>
      {isOpen ? (
        <div class="card-table" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th>At</th>
                {names.map((name) => (
                  <th key={name} class="number">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows().map(([at, ...cells]) => (
                <tr key={at}>
                  <td>
                    <Clock at={at} />
                  </td>
                  {cells.map((cell, index) => (
                    <td key={index} class="number">
                      {cell ?? "–"}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </details>
  );
}
