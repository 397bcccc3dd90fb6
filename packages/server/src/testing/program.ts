/** The server as a program of its own, for tests that end it. */
import { runServer } from "../main/run.ts";

process.exitCode = await runServer(process.argv.slice(2));
