/** Loaded into a process by `--import`: SIGUSR2 blocks its event loop, without a pause, for `RAMPART_TEST_BLOCK_MS`. */
const BLOCK_MS = Number(process.env.RAMPART_TEST_BLOCK_MS ?? 20_000);

process.on("SIGUSR2", () => {
  const until = performance.now() + BLOCK_MS;
  while (performance.now() < until);
});
