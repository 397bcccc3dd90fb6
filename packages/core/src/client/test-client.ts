import { idOf } from "../context/context.ts";
import type { EvaluationDetails } from "../model/evaluation.ts";
import type { User } from "../model/flag.ts";
import type { JsonValue } from "../model/json.ts";
import { Emitter } from "./emitter.ts";
import type { FlagClient, FlagKey } from "./types.ts";

/** A client for tests: no server, no clock; flags are what the test says. */
export interface TestClient extends FlagClient {
  /** Sets a flag for everybody, and tells `change` listeners. */
  set(flag: string, value: JsonValue): void;
  /** Sets a flag for one user id, whatever it is for the others. */
  setFor(targetingKey: string, flag: string, value: JsonValue): void;
  /** Puts these users, and nobody else, into a boolean flag's cohort. */
  setCohort(flag: string, targetingKeys: readonly string[]): void;
  /** What `track` was called with, in order. */
  readonly tracked: readonly {
    readonly metric: string;
    readonly targetingKey: string;
    readonly value: number | undefined;
    /** Missing where the caller did not say. */
    readonly failed?: boolean;
  }[];
}

/** A client that serves `flags`, and the caller's default for all others. */
export function createTestClient(flags: { readonly [flag: string]: JsonValue } = {}): TestClient {
  const everybody = new Map(Object.entries(flags));
  const persons = new Map<string, Map<string, JsonValue>>();
  const tracked: TestClient["tracked"][number][] = [];
  const emitter = new Emitter();
  let state: "idle" | "ready" | "closed" = "idle";
  let revision = 1;

  const changed = (flag: string): void => {
    revision += 1;
    emitter.emit("change", { revision, flags: [flag], urgent: false });
  };
  const personal = (flag: string): Map<string, JsonValue> => {
    const values = persons.get(flag) ?? new Map<string, JsonValue>();
    persons.set(flag, values);
    return values;
  };

  function evaluate<T extends JsonValue>(flag: string, user: User, defaultValue: T): EvaluationDetails<T> {
    const own = persons.get(flag)?.get(idOf(user));
    const value = own === undefined ? everybody.get(flag) : own;
    const failed = (errorCode: "FLAG_NOT_FOUND" | "TYPE_MISMATCH", errorMessage: string): EvaluationDetails<T> => ({
      flagKey: flag,
      value: defaultValue,
      reason: "ERROR",
      errorCode,
      errorMessage,
      revision,
    });
    if (value === undefined) return failed("FLAG_NOT_FOUND", `the test sets no flag ${flag}`);
    if (defaultValue !== null && kindOf(value) !== kindOf(defaultValue)) {
      return failed(
        "TYPE_MISMATCH",
        `the test sets ${flag} to a ${kindOf(value)}, and the code asks for a ${kindOf(defaultValue)}`,
      );
    }
    return { flagKey: flag, value: value as T, reason: own === undefined ? "STATIC" : "TARGETING_MATCH", revision };
  }

  return {
    init: async () => {
      if (state === "closed") return { status: "failed", revision, message: "the client is closed" };
      if (state === "idle") {
        state = "ready";
        emitter.emit("ready", { revision });
      }
      return { status: "ready", revision };
    },
    isEnabled: (flag, user, defaultValue = false) => evaluate(flag, user, defaultValue).value,
    variation: <T extends JsonValue>(flag: FlagKey, user: User, defaultValue: T) =>
      evaluate(flag, user, defaultValue).value,
    evaluate,
    run: (flag, user, { on, off }) => (evaluate<boolean>(flag, user, false).value ? on() : off()),
    measure: (flag, user) => ({ on: evaluate<boolean>(flag, user, false).value, done: () => undefined }),
    track: (metric, user, details) =>
      void tracked.push({
        metric,
        targetingKey: idOf(user),
        value: details?.value,
        ...(details?.failed === undefined ? {} : { failed: details.failed }),
      }),
    on: (event, listener) => emitter.on(event, listener),
    status: () => ({ state, epoch: "test", revision, lastContactMs: undefined, transport: "none" }),
    close: async () => {
      state = "closed";
    },
    tracked,
    set: (flag, value) => {
      everybody.set(flag, value);
      changed(flag);
    },
    setFor: (targetingKey, flag, value) => {
      personal(flag).set(targetingKey, value);
      changed(flag);
    },
    setCohort: (flag, targetingKeys) => {
      everybody.set(flag, false);
      persons.set(flag, new Map(targetingKeys.map((key) => [key, true])));
      changed(flag);
    },
  };
}

function kindOf(value: JsonValue): "boolean" | "string" | "number" | "object" {
  const kind = typeof value;
  return kind === "boolean" || kind === "string" || kind === "number" ? kind : "object";
}
