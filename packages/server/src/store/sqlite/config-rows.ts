import type { FlagConfig, FlagDefinition } from "@rampart/core";
import type { Statement } from "better-sqlite3";
import { and, asc, eq } from "drizzle-orm";
import type { ConfigRecord, ServedFlag } from "../../ports/store.ts";
import { servedFlag } from "../changes.ts";
import { configs, environments } from "./schema.ts";
import type { Session } from "./session.ts";

interface Row {
  readonly environment: string;
  readonly key: string;
  readonly config: string;
  readonly revision: number;
  readonly updatedAt: number;
  readonly updatedBy: string;
  readonly definition: string;
}

interface WireRow {
  readonly definition: string;
  readonly config: string;
  readonly revision: number;
}

/** Configurations of flags in environments. */
export class ConfigRows {
  readonly #orm: Session["orm"];
  readonly #withDefinition: Statement<[string, string], Row>;
  readonly #wire: Statement<[string, string], WireRow>;
  readonly #wireAll: Statement<[string], WireRow>;
  readonly #insert: Statement<[string, string, string, number, number, string]>;
  readonly #update: Statement<[string, number, number, string, string, string]>;
  readonly #stamp: Statement<[number, string, string]>;

  constructor({ db, orm }: Session) {
    this.#orm = orm;
    const joined = "FROM configs JOIN flags USING (key) WHERE environment = ?";
    this.#withDefinition = db.prepare(
      `SELECT environment, key, config, revision, configs.updated_at AS updatedAt, updated_by AS updatedBy, definition ${joined} AND key = ?`,
    );
    this.#wire = db.prepare(`SELECT definition, config, revision ${joined} AND key = ?`);
    this.#wireAll = db.prepare(`SELECT definition, config, revision ${joined} ORDER BY key`);
    this.#insert = db.prepare(
      "INSERT INTO configs (environment, key, config, revision, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#update = db.prepare(
      "UPDATE configs SET config = ?, revision = ?, updated_at = ?, updated_by = ? WHERE environment = ? AND key = ?",
    );
    this.#stamp = db.prepare("UPDATE configs SET revision = ? WHERE environment = ? AND key = ?");
  }

  /** By environment in their order, then by key. */
  list({
    environment,
    key,
  }: { readonly environment?: string | undefined; readonly key?: string | undefined } = {}): readonly ConfigRecord[] {
    return this.#orm
      .select({ config: configs })
      .from(configs)
      .innerJoin(environments, eq(environments.key, configs.environment))
      .where(
        and(
          environment === undefined ? undefined : eq(configs.environment, environment),
          key === undefined ? undefined : eq(configs.key, key),
        ),
      )
      .orderBy(asc(environments.position), asc(configs.key))
      .all()
      .map((row) => row.config);
  }

  /** The configuration with its flag's definition, in one look. */
  get(
    environment: string,
    key: string,
  ): { readonly record: ConfigRecord; readonly definition: FlagDefinition } | undefined {
    const row = this.#withDefinition.get(environment, key);
    if (row === undefined) return undefined;
    const { config, definition, ...rest } = row;
    return { record: { ...rest, config: parseConfig(config) }, definition: parseDefinition(definition) };
  }

  wire(environment: string, key: string): ServedFlag | undefined {
    const row = this.#wire.get(environment, key);
    return row === undefined ? undefined : wireOf(row);
  }

  wireAll(environment: string): readonly ServedFlag[] {
    return this.#wireAll.all(environment).map(wireOf);
  }

  insert({ environment, key, config, revision, updatedAt, updatedBy }: ConfigRecord): void {
    this.#insert.run(environment, key, JSON.stringify(config), revision, updatedAt, updatedBy);
  }

  update({ environment, key, config, revision, updatedAt, updatedBy }: ConfigRecord): void {
    this.#update.run(JSON.stringify(config), revision, updatedAt, updatedBy, environment, key);
  }

  /** The flag changed in this environment, and its configuration did not. */
  stamp(environment: string, key: string, revision: number): void {
    this.#stamp.run(revision, environment, key);
  }
}

/** What this store wrote itself, and the database's check found whole. */
const parseConfig = (text: string): FlagConfig => JSON.parse(text) as FlagConfig;
const parseDefinition = (text: string): FlagDefinition => JSON.parse(text) as FlagDefinition;

const wireOf = (row: WireRow): ServedFlag =>
  servedFlag(parseDefinition(row.definition), parseConfig(row.config), row.revision);
