import type { ComponentChildren, VNode } from "preact";
import { useMemo } from "preact/hooks";

/** Draws what is inside again only when one of `of` is another one than before: what a page hears twice a second is mostly the same. */
export function Still({
  of,
  children,
}: {
  readonly of: readonly unknown[];
  readonly children: () => ComponentChildren;
}): VNode {
  return useMemo(() => <>{children()}</>, of);
}
