/** Modules of the contenders by file name, in the order of the tables. The floor is first: everything is measured against it. */
export const RAMPART = ["rampart-core", "rampart-sdk"];
export const PEERS = ["flagd", "unleash", "growthbook", "statsig", "configcat", "launchdarkly", "flagsmith", "posthog"];
export const ALL = ["floor", ...RAMPART, "murmurhash", ...PEERS];

export const load = (file) => import(`./${file}.mjs`);
