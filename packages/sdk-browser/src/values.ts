import type {
  Basis,
  ClientChanged,
  ClientFlag,
  ClientHeartbeat,
  ClientValues,
  ErrorCode,
  EvaluationDetails,
  JsonValue,
} from "@rampart/core";
import { History } from "@rampart/core";

/** What became of something that the server said. */
export type Verdict =
  /** It is current now; these flags answer differently. */
  | { readonly kind: "current"; readonly changed: readonly string[] }
  /** A late message: proves nothing. */
  | { readonly kind: "ignored" }
  /** The server's data is older than what is held, which therefore stays. */
  | { readonly kind: "behind"; readonly code: string; readonly message: string }
  /** What led there did not arrive. */
  | { readonly kind: "resync" };

/** One context's values, and what may replace them. The rules by which the server came to them stay there. */
export interface Values {
  readonly history: History;
  /** Undefined: there are none yet. */
  at(): Basis | undefined;
  /** What is held, in the form in which the server says it. */
  all(): ClientValues | undefined;
  /** Flags that there are values of. */
  keys(): readonly string[];
  /** Takes all values at once, unless they are older than what is held. */
  take(values: ClientValues): Verdict;
  change(changed: ClientChanged): Verdict;
  move(heartbeat: ClientHeartbeat): Verdict;
  /** The flag's value, or the caller's where there is none. `silenceMs`: since the server was last heard of. */
  evaluate<T extends JsonValue>(flag: string, defaultValue: T, silenceMs: () => number): EvaluationDetails<T>;
  /** Flags with a lease, and how long each holds without a word of the server, milliseconds. */
  leases(): readonly (readonly [flag: string, ms: number])[];
}

/** None yet. `history`: what may come after what an earlier page saw. */
export function createValues(history: History = new History()): Values {
  let flags: ReadonlyMap<string, ClientFlag> = new Map();
  /** The history can know a place from an earlier page of which no values are served. */
  let isFilled = false;
  const at = (): Basis | undefined => (isFilled ? history.at : undefined);

  const replace = (next: ReadonlyMap<string, ClientFlag>, { epoch, revision }: Basis): Verdict => {
    const before = flags;
    flags = next;
    history.move({ epoch, revision });
    const keys = [...new Set([...before.keys(), ...next.keys()])];
    const changed = keys.filter((key) => JSON.stringify(before.get(key)) !== JSON.stringify(next.get(key)));
    return { kind: "current", changed };
  };

  /** Of what only goes with what is held. */
  const misfit = ({ epoch, revision }: Basis): Verdict | undefined => {
    if (!isFilled) return { kind: "ignored" };
    return history.behind({ epoch, revision }) ?? (history.at?.epoch === epoch ? undefined : { kind: "resync" });
  };

  return {
    history,
    at,
    all: () => {
      const there = at();
      return there && { ...there, etag: "", flags: Object.fromEntries(flags) };
    },
    keys: () => [...flags.keys()],
    take: (values) => {
      const behind = history.behind(values);
      if (behind !== undefined) return behind;
      isFilled = true;
      return replace(new Map(Object.entries(values.flags)), values);
    },
    change: (changed) => {
      const verdict = misfit(changed);
      if (verdict !== undefined) return verdict;
      const next = new Map([...flags, ...Object.entries(changed.flags ?? {})]);
      for (const key of changed.removed ?? []) next.delete(key);
      return replace(next, changed);
    },
    move: (heartbeat) => misfit(heartbeat) ?? replace(flags, heartbeat),
    evaluate: <T extends JsonValue>(
      flagKey: string,
      defaultValue: T,
      silenceMs: () => number,
    ): EvaluationDetails<T> => {
      const revision = at()?.revision ?? 0;
      const failed = (errorCode: ErrorCode, errorMessage: string): EvaluationDetails<T> => ({
        flagKey,
        value: defaultValue,
        reason: "ERROR",
        errorCode,
        errorMessage,
        revision,
      });
      const flag = flags.get(flagKey);
      if (!isFilled) return failed("PROVIDER_NOT_READY", "await init");
      if (flag === undefined) return failed("FLAG_NOT_FOUND", "no such flag for browsers");
      if ("errorCode" in flag) return failed(flag.errorCode, "no value here");
      const { lease } = flag;
      const isExpired = lease !== undefined && silenceMs() > lease.ms;
      const { value, variant } = isExpired ? lease : flag;
      // Null asks for no type: the caller has no default.
      if (typeof value !== typeof (defaultValue ?? value))
        return failed("TYPE_MISMATCH", `the flag is a ${typeof value}`);
      return { flagKey, value: value as T, variant, reason: isExpired ? "STALE" : flag.reason, revision };
    },
    leases: () =>
      [...flags].flatMap(([key, flag]) => ("lease" in flag && flag.lease ? [[key, flag.lease.ms] as const] : [])),
  };
}
