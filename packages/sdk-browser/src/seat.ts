import type {
  ClientChanged,
  ClientHeartbeat,
  ClientRequest,
  ClientSignature,
  ClientValues,
  Emitter,
  EvaluationDetails,
  JsonValue,
  User,
} from "@rampart/core";
import { ContactClock, formatBasis, RECEIPT_SPREAD_MS, RECEIPT_TRIES } from "@rampart/core";
import type { CachedValues } from "./cache.ts";
import { historyOf, loadCache, nameOf, saveCache } from "./cache.ts";
import type { ConnectionHost } from "./connection.ts";
import type { Identity, Send } from "./sender.ts";
import type { TabMessage, TabsHost } from "./tabs.ts";
import { joinTabs } from "./tabs.ts";
import type { Values, Verdict } from "./values.ts";
import { createValues } from "./values.ts";
import { SDK_VERSION } from "./version.ts";

/** Cached values are held back for so long in favour of the server's own, so that what was rolled back meanwhile is not painted first. */
export const CACHE_HELD_BACK_MS = 2_000;

/** How the values stay current. `tab`: another tab has the connection. `refused`: not at all, the server does not want us. */
export type Via = "none" | "stream" | "poll" | "tab" | "refused";

/** What a seat is made of. */
export interface SeatOptions {
  readonly identity: Identity;
  readonly send: Send;
  readonly context: User;
  readonly secure: ClientSignature | undefined;
  readonly emitter: Emitter;
  /** `via` changed. */
  readonly onVia: () => void;
}

/** What else there is to a message. */
interface Hearing {
  /** How long ago the server said it, milliseconds. Not at all unless given. */
  readonly silenceMs?: number;
  readonly urgent?: boolean;
}

/** One context's values and the conversation that keeps them current. */
export class Seat implements ConnectionHost, TabsHost {
  readonly context: User;
  contact = new ContactClock({ now: () => performance.now(), wallNow: () => Date.now() });
  readonly send: Send;
  /** What tabs with the same values go by. */
  readonly name: string;
  values: Values = createValues();
  via: Via = "none";
  readonly #options: SeatOptions;
  #cached: CachedValues | undefined;
  #connected: AbortController | undefined;
  #tellTabs: () => void = () => {};
  #wasSilent = false;
  /** How a server is behind was said once; it may say so every few seconds. */
  #behind: string | undefined;
  #leaseTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SeatOptions) {
    const { identity, context, send } = options;
    this.#options = options;
    this.context = context;
    this.send = send;
    this.name = nameOf([SDK_VERSION, identity.url, identity.clientKey, context]);
  }

  get revision(): number {
    return this.values.at()?.revision ?? 0;
  }

  /** Looks for what an earlier page left, and connects. */
  begin(): void {
    const cached = loadCache(this.name, Date.now());
    if (cached !== undefined) {
      const before = this.values;
      const brought = before.all();
      this.values = createValues(historyOf(cached));
      // What the page brought along stays, unless it is older than what an earlier page saw: it may have been rolled back since.
      if (brought !== undefined && this.values.take(brought).kind === "behind") this.changed(before.keys());
      this.#cached = cached;
      setTimeout(() => this.useCache(), CACHE_HELD_BACK_MS);
    }
    this.connect();
  }

  /** Serves what an earlier page left, where nothing better came. */
  useCache(): void {
    const cached = this.#cached;
    this.#cached = undefined;
    if (cached === undefined || this.values.at() !== undefined) return;
    this.contact.inherit(cached.contactAt);
    this.#taken(this.values.take(cached.values));
  }

  connect(): void {
    if (this.#connected !== undefined) return;
    this.#connected = new AbortController();
    this.#tellTabs = joinTabs(this, this.#connected.signal);
  }

  /** Ends the conversation; what is held stays. */
  disconnect(): void {
    // What is not current was kept when it was, or is still another context's.
    if (this.via !== "none") this.#save();
    this.#connected?.abort();
    this.#connected = undefined;
    this.#go("none");
  }

  /** Keeps what is held for the next page. */
  #save(): void {
    const values = this.values.all();
    if (values === undefined) return;
    const savedAt = Date.now();
    const contactAt = savedAt - this.contact.silenceMs();
    const message = saveCache(this.name, { values, leftEpochs: this.values.history.leftEpochs, contactAt, savedAt });
    if (message !== undefined) this.problem("CACHE_UNWRITABLE", message);
  }

  evaluate<T extends JsonValue>(flag: string, defaultValue: T): EvaluationDetails<T> {
    return this.values.evaluate(flag, defaultValue, () => this.contact.silenceMs());
  }

  asked(): ClientRequest {
    const { context, secure } = this.#options;
    const at = this.values.at();
    return { context, ...(secure && { secure }), ...(at && { basis: formatBasis(at) }) };
  }

  hear(event: string, data: string, via: "stream" | "poll"): boolean {
    // What lay in the socket's buffer while the machine slept is old news, and no proof that the server is there now.
    if (this.contact.parted()) return false;
    const message: unknown = JSON.parse(data);
    if (event === "values") return this.#heard(this.values.take(message as ClientValues), via);
    if (event === "heartbeat") return this.#heard(this.values.move(message as ClientHeartbeat), via);
    if (event === "changed") {
      const changed = message as ClientChanged;
      return this.#heard(this.values.change(changed), via, changed);
    }
    if (event === "unconfirmed") {
      // The server does not know what is stored now, so this is no contact. Null: it has nothing new.
      this.#go("none");
      if (message) this.#taken(this.values.take(message as ClientValues));
    }
    return true;
  }

  lost(why: "none" | "refused"): void {
    this.useCache();
    this.#go(why);
  }

  problem(code: string, message: string): void {
    this.#options.emitter.emit("error", { code, message });
  }

  told(): TabMessage {
    const all = this.via === "none" || this.via === "refused" ? undefined : this.values.all();
    return all === undefined ? "broken" : { values: JSON.stringify(all), silenceMs: this.contact.silenceMs() };
  }

  overhear(message: Exclude<TabMessage, "ask">): void {
    if (message === "broken") return this.#go("none");
    const { values, silenceMs } = message;
    this.#heard(this.values.take(JSON.parse(values) as ClientValues), "tab", { silenceMs });
  }

  /** False: what the server said does not fit what is held. */
  #heard(verdict: Verdict, via: Via, { silenceMs = 0, urgent = false }: Hearing = {}): boolean {
    if (verdict.kind === "behind") {
      // It could not tell us of a rollback, so leases run out meanwhile.
      this.#go("none");
      if (this.#behind !== verdict.message) this.problem(verdict.code, verdict.message);
      this.#behind = verdict.message;
      // Another replica may know better than one that is in an epoch left long ago.
      return verdict.code === "REVISION_WENT_BACK";
    }
    if (verdict.kind === "current") {
      this.#behind = undefined;
      if (via === "tab") this.contact.inherit(Date.now() - silenceMs);
      else this.contact.heard();
      this.#taken(verdict, urgent);
      this.#go(via);
      this.#tellTabs();
      if (urgent) this.#acknowledge();
    }
    return verdict.kind !== "resync";
  }

  #taken(verdict: Verdict, urgent?: boolean): void {
    this.#watchLeases();
    if (verdict.kind !== "current" || (verdict.changed.length === 0 && !urgent)) return;
    this.#save();
    this.changed(verdict.changed, urgent);
  }

  /** Tells the page that these flags may answer differently now. */
  changed(flags: readonly string[], urgent = false): void {
    this.#options.emitter.emit("change", { revision: this.revision, flags, urgent });
  }

  #go(via: Via): void {
    if (this.via === via) return;
    this.via = via;
    this.#options.onVia();
  }

  /** Says to the server that an urgent change was applied, and when; spread, so that not all browsers do at once. */
  #acknowledge(): void {
    const { instanceId } = this.#options.identity;
    const receipt = { instanceId, ...this.values.at(), appliedAt: Date.now() };
    const attempt = (triesLeft: number): void => {
      const again = (): unknown => triesLeft > 1 && attempt(triesLeft - 1);
      const post = (): unknown => this.send("ack", receipt).then(({ ok }) => ok || again(), again);
      setTimeout(post, Math.random() * RECEIPT_SPREAD_MS);
    };
    attempt(RECEIPT_TRIES);
  }

  /** A page asks again for a flag that it has painted only when it is told to: also when a lease runs out, and when contact is back. */
  #watchLeases(): void {
    const silenceMs = this.contact.silenceMs();
    const leases = this.values.leases();
    const leftMs = leases.map(([, ms]) => ms - silenceMs).filter((ms) => ms >= 0);
    const isSilent = leftMs.length < leases.length;
    clearTimeout(this.#leaseTimer);
    if (leftMs.length > 0) this.#leaseTimer = setTimeout(() => this.#watchLeases(), Math.min(...leftMs) + 1);
    if (isSilent || this.#wasSilent) this.changed(leases.map(([flag]) => flag));
    this.#wasSilent = isSilent;
  }
}
