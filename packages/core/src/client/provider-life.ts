import type { ErrorCode, EvaluationDetails } from "../model/evaluation.ts";
import type { JsonValue } from "../model/json.ts";
import type { ClientState, FlagClient, InitResult } from "./types.ts";

/** The names of OpenFeature's provider events, as far as a flag client knows of them. */
export type ProviderEvent = "Ready" | "Stale" | "Error" | "ConfigurationChanged";

/** What OpenFeature's event handlers are given. */
// A type, since OpenFeature wants what can be indexed.
export type ProviderEventDetails = {
  readonly message?: string;
  readonly flagsChanged?: string[];
  readonly metadata?: { revision: number; urgent: boolean };
};

/** What a provider has of its SDK and of OpenFeature's. */
export interface ProviderHost {
  readonly client: Pick<FlagClient, "on"> & {
    status(): { readonly state: ClientState; readonly epoch: string | undefined };
  };
  emit(event: ProviderEvent, details: ProviderEventDetails): void;
}

/** An evaluation in OpenFeature's form; `Code` are its error codes. */
export interface Resolution<T extends JsonValue, Code> extends Pick<
  EvaluationDetails<T>,
  "value" | "variant" | "reason" | "errorMessage"
> {
  readonly errorCode?: Code;
  readonly flagMetadata: { [name: string]: string | number | boolean };
}

/** `codes`: OpenFeature's, by their names. `version` is where OpenFeature's own telemetry looks for the revision. */
export function resolutionOf<T extends JsonValue, Code>(
  details: EvaluationDetails<T>,
  codes: { readonly [name in ErrorCode]: Code },
): Resolution<T, Code> {
  const { flagKey: _, revision, ruleId, bucket, errorCode, ...resolution } = details;
  return {
    ...resolution,
    ...(errorCode && { errorCode: codes[errorCode] }),
    flagMetadata: {
      revision,
      version: String(revision),
      ...(ruleId !== undefined && { ruleId }),
      ...(bucket !== undefined && { bucket }),
    },
  };
}

/** What OpenFeature's providers for servers and for pages have in common: they tell OpenFeature where their client stands. */
export class ProviderLife {
  readonly #host: ProviderHost;
  /** What OpenFeature takes the client for. */
  #told: ClientState = "idle";
  #ends: readonly (() => void)[] = [];

  constructor(host: ProviderHost) {
    this.#host = host;
  }

  /**
   * What `initialize` and `onContextChange` return, as it is: OpenFeature takes one that resolves for ready, and one that rejects for an
   * error. Rejects when there are no values yet, and when the server refuses the key: fatally where there are none to go on with.
   */
  settle(work: Promise<InitResult>): Promise<void> {
    const settled = work.then((result) => this.#check(result));
    void this.#goOn(settled);
    return settled;
  }

  end(): void {
    for (const end of this.#ends) end();
    this.#ends = [];
  }

  async #goOn(settled: Promise<void>): Promise<void> {
    // Twice `then`: a turn later than OpenFeature, which sets its status by the same promise.
    this.#told = await settled.then(
      () => "ready",
      () => "failed",
    );
    this.#follow();
    this.#tell();
  }

  #check({ status, message = status }: InitResult): void {
    switch (status) {
      case "ready":
      case "stale":
        return;
      case "timeout":
        throw coded("GENERAL", message);
      case "failed":
        throw coded(this.#host.client.status().epoch === undefined ? "PROVIDER_FATAL" : "GENERAL", message);
    }
  }

  #follow(): void {
    if (this.#ends.length > 0) return;
    const { client } = this.#host;
    const tell = (): void => this.#tell();
    this.#ends = [
      client.on("ready", tell),
      client.on("stale", tell),
      // Most are of no consequence for the values; only a refused key changes the state.
      client.on("error", tell),
      client.on("change", ({ flags, revision, urgent }) =>
        this.#host.emit("ConfigurationChanged", { flagsChanged: [...flags], metadata: { revision, urgent } }),
      ),
    ];
  }

  #tell(): void {
    const { state } = this.#host.client.status();
    if (state === this.#told) return;
    switch (state) {
      case "ready":
        this.#host.emit("Ready", {});
        break;
      case "stale":
        this.#host.emit("Stale", {
          message: "no word of the server: values stay until their leases run out",
        });
        break;
      case "failed":
        this.#host.emit("Error", { message: "the server refused the key: values stay" });
        break;
      case "idle":
      case "connecting":
      case "closed":
        return;
    }
    this.#told = state;
  }
}

/** OpenFeature goes by an error's code alone. */
function coded(code: ErrorCode, message: string): Error {
  return Object.assign(new Error(message), { code });
}
