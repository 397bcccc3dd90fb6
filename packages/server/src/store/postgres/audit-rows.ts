import type { AuditEntry } from "@rampart/core";
import { and, asc, desc, eq, gt, inArray, lt } from "drizzle-orm";
import { FIRST_PREVIOUS_HASH, sealEntry } from "../../domain/audit.ts";
import type { AuditQuery, ChangeMeta } from "../../ports/store.ts";
import type { Subject } from "../changes.ts";
import { auditDraft, auditLimit, EVERYWHERE, searchedEnvironment } from "../changes.ts";
import { audit } from "./schema.ts";
import type { Session } from "./session.ts";

/** The audit: a chain to which entries are only ever added. */
export class AuditRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  /** Call it under the writer's lock. */
  async append(meta: ChangeMeta, subject: Subject): Promise<AuditEntry> {
    const [head] = await this.#orm
      .select({ seq: audit.seq, hash: audit.hash })
      .from(audit)
      .orderBy(desc(audit.seq))
      .limit(1);
    const { entry, canonical } = sealEntry(
      head?.hash ?? FIRST_PREVIOUS_HASH,
      auditDraft((head?.seq ?? 0) + 1, meta, subject),
    );
    const { seq, target, action, actor, hash } = entry;
    const environment = searchedEnvironment(entry);
    await this.#orm.insert(audit).values({ seq, environment, target, action, actor, body: canonical, hash });
    return entry;
  }

  async query(query: AuditQuery): Promise<readonly AuditEntry[]> {
    const { after, before, environment, target, action, actor } = query;
    const rows = await this.#orm
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
      .limit(auditLimit(query));
    return rows.map(({ body, hash }) => ({ ...(JSON.parse(body) as Omit<AuditEntry, "hash">), hash }));
  }
}
