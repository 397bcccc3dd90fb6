/** React bindings. They re-render a component when its flag answers differently, and only then. */
import type { EvaluationDetails, FlagKey, JsonValue } from "@rampart/core";
import { createContext, useCallback, useContext, useEffect, useRef, useSyncExternalStore, type ReactNode } from "react";
import type { BrowserClient } from "./types.ts";

const ClientContext = createContext<BrowserClient | undefined>(undefined);

/** What `RampartProvider` takes. */
export interface RampartProviderProps {
  readonly client: BrowserClient;
  readonly children?: ReactNode;
}

/** Gives its children the client, and starts it once they are there; the client stays the application's, and is closed by it. */
export function RampartProvider({ client, children }: RampartProviderProps): ReactNode {
  useEffect(() => void client.init(), [client]);
  return <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;
}

/** The client of the nearest provider. Throws where there is none. */
export function useRampart(): BrowserClient {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error("no flags here: put a RampartProvider around this component");
  return client;
}

/** How a component waits for its flag. */
export interface UseFlagOptions {
  /** Suspends until the client's first `init` is through, with values or without. Not on a server, where nothing is ever fetched. */
  readonly suspend?: boolean;
}

/** The flag's value, or the default where there is none. */
export function useFlag(flag: FlagKey, defaultValue: string, options?: UseFlagOptions): string;
export function useFlag(flag: FlagKey, defaultValue: number, options?: UseFlagOptions): number;
export function useFlag(flag: FlagKey, defaultValue: boolean, options?: UseFlagOptions): boolean;
export function useFlag<T extends JsonValue>(flag: FlagKey, defaultValue: T, options?: UseFlagOptions): T;
export function useFlag<T extends JsonValue>(flag: FlagKey, defaultValue: T, options?: UseFlagOptions): T {
  return useFlagDetails(flag, defaultValue, options).value;
}

type Details<T extends JsonValue> = EvaluationDetails<T>;

/** The flag's value and how it came about. */
export function useFlagDetails(flag: FlagKey, defaultValue: string, options?: UseFlagOptions): Details<string>;
export function useFlagDetails(flag: FlagKey, defaultValue: number, options?: UseFlagOptions): Details<number>;
export function useFlagDetails(flag: FlagKey, defaultValue: boolean, options?: UseFlagOptions): Details<boolean>;
export function useFlagDetails<T extends JsonValue>(flag: FlagKey, value: T, options?: UseFlagOptions): Details<T>;
export function useFlagDetails<T extends JsonValue>(
  flag: FlagKey,
  defaultValue: T,
  { suspend = false }: UseFlagOptions = {},
): EvaluationDetails<T> {
  const client = useRampart();
  if (suspend && typeof document !== "undefined") awaitInit(client);
  const held = useRef<EvaluationDetails<T>>(undefined);
  const read = (): EvaluationDetails<T> => {
    const next = client.evaluate(flag, defaultValue);
    // React asks again and again, and takes another object for another value.
    if (held.current === undefined || JSON.stringify(held.current) !== JSON.stringify(next)) held.current = next;
    return held.current;
  };
  const subscribe = useCallback(
    (listener: () => void) => {
      const ends = (["ready", "change", "stale"] as const).map((event) => client.on(event, listener));
      return () => ends.forEach((end) => end());
    },
    [client],
  );
  return useSyncExternalStore(subscribe, read, read);
}

/** Each client's first `init`; undefined once it is through. */
const beginnings = new WeakMap<BrowserClient, Promise<void> | undefined>();

/** Suspends the component, in the way that React 18 and 19 both know, until the client's `init` is through. */
function awaitInit(client: BrowserClient): void {
  if (!beginnings.has(client)) {
    const through = client.init().then(() => void beginnings.set(client, undefined));
    beginnings.set(client, through);
  }
  const beginning = beginnings.get(client);
  // oxlint-disable-next-line typescript/only-throw-error -- this is how a component suspends
  if (beginning !== undefined) throw beginning;
}
