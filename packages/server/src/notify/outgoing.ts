import type { OutboxRow } from "../ports/rollout-store.ts";

/** A message as channels give it their form. */
export interface Outgoing extends Pick<
  OutboxRow,
  "key" | "rolloutId" | "notify" | "message" | "onlyIncident" | "createdAt"
> {
  /** The rollout's page, where the server knows its own address. */
  readonly link?: string;
  /** Further pages: the flag, the evidence. */
  readonly links?: readonly Link[];
}

/** A page worth opening. */
export interface Link {
  readonly text: string;
  readonly url: string;
}

/** The rollout's page first, then the others. */
export function allLinks({ link, links = [] }: Pick<Outgoing, "link" | "links">): readonly Link[] {
  return link === undefined ? links : [{ text: "Open the rollout", url: link }, ...links];
}
