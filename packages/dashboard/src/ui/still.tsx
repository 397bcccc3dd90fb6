import { Component, type ComponentChildren } from "preact";

interface Props {
  readonly of: readonly unknown[];
  readonly children: () => ComponentChildren;
}

/**
 * Draws what is inside again only when one of `of` is another one than before: what a page hears twice a second is mostly the same. Not a
 * remembered element: that would hold on to the page as it was when it was made, and so each page to the one before it.
 */
export class Still extends Component<Props> {
  override shouldComponentUpdate({ of }: Props): boolean {
    return of.some((part, index) => !Object.is(part, this.props.of[index]));
  }

  override render({ children }: Props) {
    return children();
  }
}
