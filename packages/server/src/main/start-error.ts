/** Why a server did not start. `hint` says what to do; both are for people, in one line each. */
export class StartError extends Error {
  readonly code:
    | "PORT_IN_USE"
    | "PORT_FORBIDDEN"
    | "HOST_UNKNOWN"
    | "FIRST_TOKENS"
    | "AUDIT_KEY"
    | "SECRET_DIFFERS"
    | "UPSTREAM_KEY";
  readonly hint: string;

  constructor(
    code: StartError["code"],
    what: { readonly message: string; readonly hint: string; readonly cause?: unknown },
  ) {
    super(what.message, { cause: what.cause });
    this.name = "StartError";
    this.code = code;
    this.hint = what.hint;
  }
}
