import type { Parsed, Skipped } from "../wire/parsed.ts";
import { parseDelta, parseEmergency, parseGoodbye, parseHeartbeat, parseSnapshot } from "../wire/parse.ts";
import type { Basis } from "../wire/types.ts";
import type { Holdings } from "./holdings.ts";
import type { Holder, Intake, Verdict } from "./verdict.ts";

/** The rules that the client holds, as its session sees them. */
export function holderOf(holdings: Holdings): Holder {
  return {
    get at() {
      return holdings.at;
    },
    basis: () => holdings.basis(),
    takeFrame: (event, data) => takeFrame(event, data, holdings),
    takeBody: (body) => takeSnapshot(body, holdings),
  };
}

/** Reads one event of the stream into the holdings. */
function takeFrame(event: string, data: string, holdings: Holdings): Intake {
  switch (event) {
    case "snapshot":
      return takeSnapshot(data, holdings);
    case "unconfirmed": {
      if (data === "null") return { kind: "alive" };
      const intake = takeSnapshot(data, holdings);
      return intake.kind === "taken" ? { ...intake, isConfirmed: false } : intake;
    }
    case "delta":
      return taken(parseDelta(parseJson(data)), (delta, skipped) => ({
        verdict: holdings.takeDelta(delta, skipped),
        urgent: delta.urgent ? { epoch: delta.epoch, revision: delta.revision } : undefined,
      }));
    case "heartbeat":
      return taken(parseHeartbeat(parseJson(data)), (heartbeat) => ({
        verdict: holdings.takeHeartbeat(heartbeat),
        urgent: undefined,
      }));
    case "emergency":
      return taken(parseEmergency(parseJson(data)), (emergency) => ({
        verdict: holdings.takeEmergency(emergency),
        urgent: { epoch: emergency.epoch, revision: emergency.revision },
        // It is told just when the store can't be asked.
        isConfirmed: false,
      }));
    case "goodbye": {
      const parsed = parseGoodbye(parseJson(data));
      return parsed.ok ? { kind: "goodbye", goodbye: parsed.value } : { kind: "unreadable", reason: parsed.reason };
    }
    default:
      return { kind: "unknown" };
  }
}

/** Reads a snapshot's text into the holdings. */
function takeSnapshot(data: string, holdings: Holdings): Intake {
  return taken(parseSnapshot(parseJson(data)), (snapshot, skipped) => ({
    verdict: holdings.takeSnapshot(snapshot, skipped),
    urgent: undefined,
  }));
}

function taken<T>(
  parsed: Parsed<T>,
  take: (
    value: T,
    skipped: readonly Skipped[],
  ) => { readonly verdict: Verdict; readonly urgent: Basis | undefined; readonly isConfirmed?: false },
): Intake {
  if (!parsed.ok) return { kind: "unreadable", reason: parsed.reason };
  return { kind: "taken", skipped: parsed.skipped, isConfirmed: true, ...take(parsed.value, parsed.skipped) };
}

/** Undefined, which no parser accepts, when it is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
