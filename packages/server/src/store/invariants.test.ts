import BetterSqlite3 from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { violations } from "./invariants.ts";
import { booleanFlag, config, everywhere, meta, segment } from "./testing/fixtures.ts";
import { temporaryStore } from "./testing/temporary.ts";

/** What the checker says of a store with a flag and a segment, after somebody has changed the file behind its back. */
async function afterTampering(sql: string): Promise<readonly string[]> {
  const { store, folder } = temporaryStore();
  await store.createFlag(booleanFlag("a"), everywhere(config("a")), meta("flag.created"));
  await store.createSegment(segment("s"), meta("segment.created"));
  await store.changeConfig(
    "production",
    "a",
    ({ config: now }) => ({ kind: "write", next: { ...now, enabled: false } }),
    meta("flag.killed"),
  );
  const other = new BetterSqlite3(folder.databasePath);
  other.exec(sql);
  other.close();
  const found = await violations(store);
  await store.close();
  return found;
}

describe("the invariants", () => {
  it("find nothing wrong with a store that was left alone", async () => {
    expect(await afterTampering("SELECT 1")).toEqual([]);
  });

  it.each([
    [
      "a kill that was undone in the table only",
      "UPDATE configs SET config = replace(config, 'false,\"offVariant\"', 'true,\"offVariant\"') WHERE environment = 'production'",
      /configs\/production~1a\/enabled/,
    ],
    [
      "a configuration that says it is newer",
      "UPDATE configs SET revision = 9 WHERE environment = 'staging'",
      /flag\/a in staging is at revision 9/,
    ],
    [
      "a segment that says it is older",
      "UPDATE segment_revisions SET revision = 1 WHERE environment = 'staging'",
      /segment\/s in staging is at revision 1/,
    ],
    [
      "a revision that nobody made",
      "UPDATE environments SET revision = 4 WHERE key = 'production'",
      /production is at revision 4, the audit at 3/,
    ],
    [
      "a revision that was taken back",
      "UPDATE environments SET revision = 2 WHERE key = 'production'",
      /production is at revision 2, the audit at 3/,
    ],
    [
      "a line that the change log lost",
      "DELETE FROM changes WHERE environment = 'production' AND revision = 2",
      /production: the change log has a gap/,
    ],
    [
      "a line about another flag",
      "UPDATE changes SET key = 'b' WHERE environment = 'production' AND kind = 'flag'",
      /flag\/a in production changed at 3, and the change log has no line of it/,
    ],
    [
      "an audit entry that was changed",
      "UPDATE audit SET body = replace(body, 't1', 't2') WHERE seq = 2",
      /broken at 2/,
    ],
    ["an audit entry that was taken out", "DELETE FROM audit WHERE seq = 2", /broken at 2/],
    ["an audit that was cut off", "DELETE FROM audit WHERE seq = 3", /production is at revision 3, the audit at 2/],
    ["a flag that vanished", "PRAGMA foreign_keys = ON; DELETE FROM flags", /definitions\/a/],
    ["a flag that nobody made", "INSERT INTO flags VALUES ('b', '{\"key\":\"b\"}', 0, 0)", /definitions\/b/],
  ])("find %s", async (_, sql, expected) => {
    const found = await afterTampering(sql);
    expect(found.join("\n")).toMatch(expected);
  });
});
