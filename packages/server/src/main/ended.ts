/** Resolves at the first signal, or when something failed that nothing caught. A second signal ends the process at once. */
export function ended(): Promise<number> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (): void => {
      signals += 1;
      if (signals > 1) process.exit(1);
      resolve(0);
    };
    const onFailure = (cause: unknown): void => {
      say(
        `rampart: a failure that nothing caught ends the server: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`,
      );
      resolve(1);
    };
    process
      .on("SIGTERM", onSignal)
      .on("SIGINT", onSignal)
      .on("uncaughtException", onFailure)
      .on("unhandledRejection", onFailure);
  });
}

/** Tells people, on the error stream. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
