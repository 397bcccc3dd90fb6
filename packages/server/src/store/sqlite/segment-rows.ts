import type { Segment, WireSegment } from "@rampart/core";
import { and, asc, eq, sql } from "drizzle-orm";
import type { SegmentRecord } from "../../ports/store.ts";
import { wireSegment } from "../changes.ts";
import { segmentRevisions, segments } from "./schema.ts";
import type { Session } from "./session.ts";

/** Segments, and the revision of each environment at which they last changed. */
export class SegmentRows {
  readonly #orm: Session["orm"];

  constructor({ orm }: Session) {
    this.#orm = orm;
  }

  all(): readonly SegmentRecord[] {
    return this.#orm.select().from(segments).orderBy(asc(segments.key)).all().map(recordOf);
  }

  keys(): readonly string[] {
    return this.#orm
      .select({ key: segments.key })
      .from(segments)
      .orderBy(asc(segments.key))
      .all()
      .map((row) => row.key);
  }

  get(key: string): SegmentRecord | undefined {
    const row = this.#orm.select().from(segments).where(eq(segments.key, key)).get();
    return row === undefined ? undefined : recordOf(row);
  }

  wire(environment: string, key: string): WireSegment | undefined {
    return this.#wire(environment, key)[0];
  }

  wireAll(environment: string): readonly WireSegment[] {
    return this.#wire(environment);
  }

  insert({ segment, createdAt, updatedAt }: SegmentRecord): void {
    this.#orm.insert(segments).values({ key: segment.key, segment, createdAt, updatedAt }).run();
  }

  update({ segment, updatedAt }: SegmentRecord): void {
    this.#orm.update(segments).set({ segment, updatedAt }).where(eq(segments.key, segment.key)).run();
  }

  stamp(environment: string, key: string, revision: number): void {
    this.#orm
      .insert(segmentRevisions)
      .values({ environment, key, revision })
      .onConflictDoUpdate({
        target: [segmentRevisions.environment, segmentRevisions.key],
        set: { revision: sql`excluded.revision` },
      })
      .run();
  }

  remove(key: string): void {
    this.#orm.delete(segments).where(eq(segments.key, key)).run();
  }

  #wire(environment: string, key?: string): readonly WireSegment[] {
    return this.#orm
      .select({ segment: segments.segment, revision: segmentRevisions.revision })
      .from(segmentRevisions)
      .innerJoin(segments, eq(segments.key, segmentRevisions.key))
      .where(
        and(
          eq(segmentRevisions.environment, environment),
          key === undefined ? undefined : eq(segmentRevisions.key, key),
        ),
      )
      .orderBy(asc(segments.key))
      .all()
      .map((row) => wireSegment(row.segment, row.revision));
  }
}

const recordOf = ({
  segment,
  createdAt,
  updatedAt,
}: {
  segment: Segment;
  createdAt: number;
  updatedAt: number;
}): SegmentRecord => ({
  segment,
  createdAt,
  updatedAt,
});
