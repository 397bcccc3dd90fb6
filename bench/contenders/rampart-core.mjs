import { built } from "../lib/paths.mjs";
import { snapshotText } from "./rampart-snapshot.mjs";

export const name = "Rampart core";

export const payload = snapshotText;

/** A user without attributes is an id. */
export const userOf = (spec) => {
  const readsAttributes = spec.flags.some((flag) => flag.conditions.some((condition) => condition.kind !== "segment"));
  return (user) => (readsAttributes ? { targetingKey: user.id, ...user.attributes } : user.id);
};

export const load = () => import(built("core"));

export async function open(text, spec) {
  const { Ruleset, parseSnapshot } = await load();
  const ruleset = new Ruleset({});
  const parsed = parseSnapshot(JSON.parse(text));
  if (!parsed.ok || parsed.skipped.length > 0) throw new Error(`the snapshot was not taken: ${JSON.stringify(parsed)}`);
  ruleset.replace(parsed.value);
  return {
    user: userOf(spec),
    isEnabled: (key, user) => ruleset.isEnabled(key, user, false),
    close: async () => {},
  };
}
