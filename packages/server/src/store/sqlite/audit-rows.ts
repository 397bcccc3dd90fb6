import type { AuditEntry } from "@rampart/core";
import type { Statement } from "better-sqlite3";
import { and, asc, desc, eq, gt, inArray, lt } from "drizzle-orm";
import { FIRST_PREVIOUS_HASH, sealEntry } from "../../domain/audit.ts";
import type { AuditQuery, ChangeMeta } from "../../ports/store.ts";
import type { Subject } from "../changes.ts";
import { auditDraft, auditLimit, EVERYWHERE, searchedEnvironment } from "../changes.ts";
import { audit } from "./schema.ts";
import type { Session } from "./session.ts";

/** The audit: a chain to which entries are only ever added. */
export class AuditRows {
  readonly #orm: Session["orm"];
  readonly #head: Statement<[], { readonly seq: number; readonly hash: string }>;
  readonly #insert: Statement<[number, string | null, string, string, string, string, string]>;

  constructor({ db, orm }: Session) {
    this.#orm = orm;
    this.#head = db.prepare("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1");
    this.#insert = db.prepare(
      "INSERT INTO audit (seq, environment, target, action, actor, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
  }

  append(meta: ChangeMeta, subject: Subject): AuditEntry {
    const head = this.#head.get();
    const { entry, canonical } = sealEntry(
      head?.hash ?? FIRST_PREVIOUS_HASH,
      auditDraft((head?.seq ?? 0) + 1, meta, subject),
    );
    const environment = searchedEnvironment(entry);
    this.#insert.run(entry.seq, environment, entry.target, entry.action, entry.actor, canonical, entry.hash);
    return entry;
  }

  query(query: AuditQuery): readonly AuditEntry[] {
    const { after, before, environment, target, action, actor } = query;
    return this.#orm
      .select({ body: audit.body, hash: audit.hash })
      .from(audit)
      .where(
        and(
          after === undefined ? undefined : gt(audit.seq, after),
          before === undefined ? undefined : lt(audit.seq, before),
          environment === undefined ? undefined : inArray(audit.environment, [environment, EVERYWHERE]),
          target === undefined ? undefined : eq(audit.target, target),
          action === undefined ? undefined : eq(audit.action, action),
          actor === undefined ? undefined : eq(audit.actor, actor),
        ),
      )
      .orderBy(query.order === "newest" ? desc(audit.seq) : asc(audit.seq))
      .limit(auditLimit(query))
      .all()
      .map(({ body, hash }) => ({ ...(JSON.parse(body) as Omit<AuditEntry, "hash">), hash }));
  }
}
