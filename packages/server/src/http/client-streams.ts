import type { IncomingMessage, ServerResponse } from "node:http";
import { parseBasis } from "@rampart/core";
import { clientAddress } from "./address.ts";
import { allowOriginsOf } from "./cors.ts";
import type { ServingParts } from "./parts.ts";
import { ProblemError } from "./problem.ts";
import { TAKEN_OVER } from "./reply.ts";
import { anonymousIdentity, namedIdentity } from "./sdk-identity.ts";
import { refuseIfRefused, type Exchange } from "./sdk-reads.ts";
import type { Ticketed } from "./tickets.ts";
import type { ClientIdentity } from "../stream/clients.ts";
import type { View } from "../stream/browsers/viewer.ts";

/** Makes a stream of values of the response, or refuses with the time to come back after. */
export async function openViewer(
  { hub }: Pick<ServingParts, "hub">,
  { outgoing }: { readonly outgoing: ServerResponse },
  { principal, ...of }: Ticketed,
): Promise<typeof TAKEN_OVER> {
  refuseIfRefused(outgoing, await hub.open({ outgoing, tokenId: principal.tokenId, ...of }));
  return TAKEN_OVER;
}

/** As `openViewer`, for who shows a ticket. Throws a 401 `ProblemError` for one that is not good (any more), or for another kind of stream. */
export function openByTicket(
  parts: Pick<ServingParts, "hub" | "tickets">,
  exchange: Exchange,
  { ticket, tells }: { readonly ticket: string; readonly tells: View["tells"] },
): Promise<typeof TAKEN_OVER> {
  const of = parts.tickets.redeem(ticket);
  if (of?.view.tells !== tells) {
    throw new ProblemError({
      code: "UNAUTHENTICATED",
      detail: "The ticket is unknown: it was used, or a minute has passed, or another server gave it out.",
      hint: "Ask for a new one, and use it at once.",
    });
  }
  allowOriginsOf(of.principal, exchange);
  return openViewer(parts, exchange, of);
}

/** Who a browser says it is. */
export function identityOf(
  incoming: IncomingMessage,
  { trustedProxies }: Pick<ServingParts, "trustedProxies">,
): ClientIdentity {
  const address = clientAddress(incoming, trustedProxies);
  return namedIdentity(incoming, address) ?? anonymousIdentity(incoming, address);
}

/** The basis in a body. */
export const basisIn = (text: string | undefined): ReturnType<typeof parseBasis> => parseBasis(text ?? "");
