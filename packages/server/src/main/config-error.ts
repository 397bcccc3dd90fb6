/** One setting that can't be used. */
export interface ConfigError {
  /** As the user gave it: `--port` or `RAMPART_PORT`. */
  readonly where: string;
  readonly detail: string;
}
