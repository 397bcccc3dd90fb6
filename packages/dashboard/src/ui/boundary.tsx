import { Component, type ComponentChildren } from "preact";

interface Props {
  /** What is inside, for people: `The charts`. */
  readonly name: string;
  readonly children: ComponentChildren;
}

/** Keeps what goes wrong inside from taking the rest of the page along, least of all the button that takes a feature back. */
export class Boundary extends Component<Props, { readonly error?: unknown }> {
  static override getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error };
  }

  override render({ name, children }: Props) {
    const { error } = this.state;
    if (error === undefined) return children;
    return (
      <div class="notice notice-bad" role="alert">
        <div class="grow stack-tight">
          <strong>{name} can't be shown.</strong>
          <span class="soft small">{error instanceof Error ? error.message : "It broke in an unknown way."}</span>
        </div>
        <button type="button" class="button button-small" onClick={() => this.setState({ error: undefined })}>
          Try again
        </button>
      </div>
    );
  }
}
