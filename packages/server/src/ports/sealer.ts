/** Keeps texts so that only this server can read them. */
export interface Sealer {
  /** `about` is bound to the text: it opens under no other. Throws when the server's key can't be made. */
  seal(about: string, text: string): string;
  /** Undefined: it was sealed with another key, about something else, or was changed. */
  open(about: string, sealed: string): string | undefined;
}
