import { CliError } from "../errors.ts";
import type { Api, Call } from "./types.ts";

/** How long to wait when the server says that there were too many requests, and how often for one request. */
const PAUSE_MS = 1000;
const PAUSES_MAX = 30;

/** The same API for commands that make more requests than a person would: where the server says that these were too many, it waits and asks again. */
export function withPatience(api: Api, sleep: (ms: number) => Promise<void>): Api {
  return {
    ...api,
    async request<T>(call: Call): Promise<T> {
      for (let pauses = 0; ; pauses += 1) {
        try {
          return await api.request<T>(call);
        } catch (error) {
          if (!(error instanceof CliError) || error.code !== "RATE_LIMITED" || pauses === PAUSES_MAX) throw error;
          await sleep(PAUSE_MS);
        }
      }
    },
  };
}
