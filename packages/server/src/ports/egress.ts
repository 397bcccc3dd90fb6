/** One outgoing HTTP call. */
export interface EgressRequest {
  readonly url: string;
  readonly method: "GET" | "HEAD" | "POST" | "PATCH" | "PUT";
  readonly headers?: { readonly [name: string]: string };
  readonly body?: string;
  /** For all of it: name lookup, connection, answer, body. Milliseconds. */
  readonly timeoutMs: number;
  /** A longer body ends the call. */
  readonly bodyBytesMax: number;
}

/**
 * What came of an outgoing call. `refused`: the policy does not let it out, and nothing was sent. `failed`: it was let out and
 * brought no whole answer. Redirects are not followed: they arrive as answers. No text of these holds a header or a URL's query.
 */
export type EgressResult =
  | {
      readonly kind: "answer";
      readonly status: number;
      /** Lower-case names. */
      readonly headers: { readonly [name: string]: string };
      readonly body: string;
      readonly durationMs: number;
    }
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string }
  | { readonly kind: "failed"; readonly cause: "timeout" | "tooLarge" | "network"; readonly reason: string };

/** The only way out of the server: metric queries, HTTP checks, webhooks. Never rejects. */
export interface Egress {
  send(request: EgressRequest): Promise<EgressResult>;
}

/** Whether a mail server may be connected to, and at which address: connect to that one, and don't look the name up again. */
export type Admitted =
  | { readonly kind: "admitted"; readonly host: string; readonly port: number; readonly address: string }
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string }
  | { readonly kind: "failed"; readonly reason: string };

/** The same way out for what speaks another protocol than HTTP. Never rejects. */
export interface EgressDoor {
  /** `smtp://host:port` or `smtps://…`; a user name and password in it are not looked at. */
  admitMail(url: string, timeoutMs: number): Promise<Admitted>;
}
