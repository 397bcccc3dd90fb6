import type { FlagDefinition } from "@rampart/core";
import { and, asc, eq, inArray } from "drizzle-orm";
import type { ConfigRecord, ServedFlag } from "../../ports/store.ts";
import { servedFlag } from "../changes.ts";
import { configs, environments, flags } from "./schema.ts";
import type { Session } from "./session.ts";

/** Configurations of flags in environments. */
export class ConfigRows {
  readonly #orm: Session;

  constructor(orm: Session) {
    this.#orm = orm;
  }

  /** By environment in their order, then by key. */
  async list({
    environment,
    key,
  }: { readonly environment?: string | undefined; readonly key?: string | undefined } = {}): Promise<
    readonly ConfigRecord[]
  > {
    const rows = await this.#orm
      .select({ config: configs })
      .from(configs)
      .innerJoin(environments, eq(environments.key, configs.environment))
      .where(
        and(
          environment === undefined ? undefined : eq(configs.environment, environment),
          key === undefined ? undefined : eq(configs.key, key),
        ),
      )
      .orderBy(asc(environments.position), asc(configs.key));
    return rows.map((row) => row.config);
  }

  /** The configuration with its flag's definition, in one look. */
  async get(
    environment: string,
    key: string,
  ): Promise<{ readonly record: ConfigRecord; readonly definition: FlagDefinition } | undefined> {
    const [row] = await this.#orm
      .select({ record: configs, definition: flags.definition })
      .from(configs)
      .innerJoin(flags, eq(flags.key, configs.key))
      .where(and(eq(configs.environment, environment), eq(configs.key, key)));
    return row;
  }

  /** As they are served, by key: all of the environment, or those with `keys`. */
  async wire(environment: string, keys?: readonly string[]): Promise<readonly ServedFlag[]> {
    if (keys?.length === 0) return [];
    const rows = await this.#orm
      .select({ definition: flags.definition, config: configs.config, revision: configs.revision })
      .from(configs)
      .innerJoin(flags, eq(flags.key, configs.key))
      .where(
        and(eq(configs.environment, environment), keys === undefined ? undefined : inArray(configs.key, [...keys])),
      )
      .orderBy(asc(configs.key));
    return rows.map(({ definition, config, revision }) => servedFlag(definition, config, revision));
  }

  async insert(record: ConfigRecord): Promise<void> {
    await this.#orm.insert(configs).values(record);
  }

  async update({ environment, key, ...rest }: ConfigRecord): Promise<void> {
    await this.#orm.update(configs).set(rest).where(isOne(environment, key));
  }

  /** The flag changed in this environment, and its configuration did not. */
  async stamp(environment: string, key: string, revision: number): Promise<void> {
    await this.#orm.update(configs).set({ revision }).where(isOne(environment, key));
  }
}

const isOne = (environment: string, key: string) => and(eq(configs.environment, environment), eq(configs.key, key));
