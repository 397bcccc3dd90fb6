import type { Change } from "./words.ts";

/** What was changed, field by field: what it was, and what it became. */
export function Differences({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <dl class="differences-list">
      {changes.map(({ name, was, is }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {was === undefined ? null : <del>{was}</del>}
            {was === undefined ? null : " → "}
            {is === undefined ? "nothing" : <ins>{is}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  );
}
