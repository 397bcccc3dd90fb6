import type { WireSegment } from "@rampart/core";
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { SegmentRecord } from "../../ports/store.ts";
import { wireSegment } from "../changes.ts";
import { segmentRevisions, segments } from "./schema.ts";
import type { Session } from "./session.ts";

const { segment, createdAt, updatedAt } = segments;
const RECORD = { segment, createdAt, updatedAt };

/** Segments, and the revision of each environment at which they last changed. */
export class SegmentRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  all(): Promise<readonly SegmentRecord[]> {
    return this.#orm.select(RECORD).from(segments).orderBy(asc(segments.key));
  }

  async keys(): Promise<readonly string[]> {
    const rows = await this.#orm.select({ key: segments.key }).from(segments).orderBy(asc(segments.key));
    return rows.map((row) => row.key);
  }

  async get(key: string): Promise<SegmentRecord | undefined> {
    const [row] = await this.#orm.select(RECORD).from(segments).where(eq(segments.key, key));
    return row;
  }

  /** As they are served, by key: all of the environment, or those with `keys`. */
  async wire(environment: string, keys?: readonly string[]): Promise<readonly WireSegment[]> {
    if (keys?.length === 0) return [];
    const rows = await this.#orm
      .select({ segment, revision: segmentRevisions.revision })
      .from(segmentRevisions)
      .innerJoin(segments, eq(segments.key, segmentRevisions.key))
      .where(
        and(
          eq(segmentRevisions.environment, environment),
          keys === undefined ? undefined : inArray(segmentRevisions.key, [...keys]),
        ),
      )
      .orderBy(asc(segments.key));
    return rows.map((row) => wireSegment(row.segment, row.revision));
  }

  async insert(record: SegmentRecord): Promise<void> {
    await this.#orm.insert(segments).values({ key: record.segment.key, ...record });
  }

  async update(record: SegmentRecord): Promise<void> {
    const next = { segment: record.segment, updatedAt: record.updatedAt };
    await this.#orm.update(segments).set(next).where(eq(segments.key, record.segment.key));
  }

  async stamp(environment: string, key: string, revision: number): Promise<void> {
    await this.#orm
      .insert(segmentRevisions)
      .values({ environment, key, revision })
      .onConflictDoUpdate({
        target: [segmentRevisions.environment, segmentRevisions.key],
        set: { revision: sql`excluded.revision` },
      });
  }

  async remove(key: string): Promise<void> {
    await this.#orm.delete(segments).where(eq(segments.key, key));
  }
}
