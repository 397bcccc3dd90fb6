import type { Skipped } from "../wire/parsed.ts";
import type { Basis, Goodbye } from "../wire/types.ts";
import { formatBasis } from "../wire/basis.ts";
import type { ContactClock } from "./contact.ts";
import { Link } from "./link.ts";
import type { MachineInput, Standing } from "./machine-types.ts";
import { MACHINE_DEFAULTS } from "./machine-types.ts";
import type { ClientPorts, HttpResponse, PendingResponse } from "./ports.ts";
import { Receipts } from "./receipts.ts";
import type { SessionRequests } from "./requests.ts";
import { retryAfterMs } from "./retry-after.ts";
import type { ClientEvents, ClientStatus } from "./types.ts";
import type { Holder, Intake, Verdict } from "./verdict.ts";

/** What a session works with, and whom it tells. None of the callbacks may throw. */
export interface SessionOptions {
  readonly ports: ClientPorts;
  readonly requests: SessionRequests;
  readonly instanceId: string;
  readonly holder: Holder;
  readonly contact: ContactClock;
  readonly onChange: (change: ClientEvents["change"]) => void;
  /** The server was heard of, and what it said is not older than what is held. */
  readonly onContact: () => void;
  /** Items of a message could not be read and were left out. */
  readonly onSkipped: (skipped: readonly Skipped[]) => void;
  readonly onProblem: (problem: ClientEvents["error"]) => void;
  /** Something may have changed about `standing`, `isCurrent` or `transport`. */
  readonly onStep: () => void;
}

/** The conversation with the server: what it says goes into the holder, and what that means goes back to the connection. */
export class Session {
  readonly #options: SessionOptions;
  readonly #link: Link;
  readonly #receipts: Receipts;
  /** Whether the server's last word was about what is held, or newer. */
  #confirmed = false;
  #reportedBehind: string | undefined;

  constructor(options: SessionOptions) {
    const { ports, requests, holder, instanceId } = options;
    this.#options = options;
    this.#receipts = new Receipts({
      ports,
      instanceId,
      post: (receipt) => ports.request(requests.acknowledge(receipt)).response,
    });
    this.#link = new Link(ports, MACHINE_DEFAULTS, {
      streamRequest: () => requests.stream(holder.basis()),
      pollRequest: () => requests.poll(holder.at && formatBasis(holder.at), holder.basis()),
      onFrame: (event, data) => this.#onFrame(event, data),
      onPoll: (response) => this.#onPoll(response),
      onProblem: options.onProblem,
      onStep: () => this.#onStep(),
    });
  }

  get standing(): Standing {
    const { state } = this.#link;
    return state.kind === "running" ? state.standing : "unknown";
  }

  /** In contact, and what is held is what the server has. */
  get isCurrent(): boolean {
    return this.#confirmed && this.standing === "good";
  }

  get transport(): ClientStatus["transport"] {
    const { state } = this.#link;
    if (state.kind !== "running") return "none";
    if (state.stream.kind === "live") return "stream";
    return state.fallback.kind !== "off" && state.standing === "good" ? "poll" : "none";
  }

  start(): void {
    this.#link.send({ kind: "start" });
  }

  /** Ends the conversation. Gives what is under way of telling a server that is there, so that it waits for no receipt of this client. */
  close(): PendingResponse | undefined {
    const { ports, requests, instanceId, holder } = this.#options;
    const { at } = holder;
    const goodbye =
      this.standing === "good" && at !== undefined
        ? ports.request(requests.acknowledge({ instanceId, ...at, appliedAt: ports.wallNow(), left: true }))
        : undefined;
    this.#receipts.stop();
    this.#link.send({ kind: "close" });
    return goodbye;
  }

  #onStep(): void {
    if (this.standing !== "good") this.#confirmed = false;
    this.#options.onStep();
  }

  #onFrame(event: string, data: string): MachineInput | undefined {
    // What lay in the socket's buffer while the machine slept is old news, and no proof that the server is there now.
    if (this.#options.contact.parted()) return { kind: "suspended" };
    const intake = this.#options.holder.takeFrame(event, data);
    switch (intake.kind) {
      case "unknown":
        return undefined;
      case "goodbye":
        return goodbyeInput(intake.goodbye);
      case "alive":
        this.#confirmed = false;
        return undefined;
      case "unreadable":
        this.#report("PAYLOAD_INVALID", `the stream's ${event} can't be read: ${intake.reason}`);
        return { kind: "resync" };
      case "taken":
        return this.#taken(intake);
    }
  }

  #onPoll({ status, body, retryAfter }: HttpResponse): MachineInput {
    // Asked before the machine slept, and answered before that too, as far as anybody knows.
    if (this.#options.contact.parted()) return { kind: "pollFailed" };
    const afterMs = retryAfterMs(retryAfter, this.#options.ports.wallNow());
    const failed: MachineInput = {
      kind: "pollFailed",
      status,
      ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }),
    };
    // Without a basis nothing was asked that 304 could be the answer to.
    if (status === 304 && this.#options.holder.basis() !== undefined) {
      this.#current();
      this.#applied();
      return { kind: "pollNotModified" };
    }
    if (status !== 200) {
      if (status === 503) this.#hearKills(body);
      this.#report("POLL_FAILED", `the server answered ${status}`);
      return failed;
    }
    const intake = this.#options.holder.takeBody(body);
    if (intake.kind !== "taken") {
      this.#report(
        "PAYLOAD_INVALID",
        `the snapshot can't be read${intake.kind === "unreadable" ? `: ${intake.reason}` : ""}`,
      );
      return failed;
    }
    this.#taken(intake);
    return { kind: "pollSucceeded" };
  }

  /** A server that does not know what is stored tells the kills that it was asked for with its refusal, in what it holds. */
  #hearKills(body: string): void {
    const intake = this.#options.holder.takeFrame("unconfirmed", body);
    if (intake.kind === "taken") this.#taken(intake);
  }

  #taken({ verdict, skipped, urgent, isConfirmed }: Extract<Intake, { kind: "taken" }>): MachineInput | undefined {
    if (urgent !== undefined) this.#receipts.expect(urgent);
    if (skipped.length > 0) this.#options.onSkipped(skipped);
    switch (verdict.kind) {
      case "changed":
        if (isConfirmed) this.#current();
        this.#applied();
        this.#changed(verdict, urgent);
        return verdict.drifted === undefined ? undefined : { kind: "resync" };
      case "current":
        if (isConfirmed) this.#current();
        this.#applied();
        return undefined;
      case "ignored":
        return undefined;
      case "behind":
        return this.#behind(verdict);
      case "resync":
        this.#report("RESYNC", verdict.reason);
        return { kind: "resync" };
    }
  }

  /** The server's data is older than ours: it could not tell us of a rollback, so leases run out meanwhile. */
  #behind({ code, message }: Extract<Verdict, { kind: "behind" }>): MachineInput | undefined {
    this.#confirmed = false;
    if (this.#reportedBehind !== message) this.#report(code, message);
    this.#reportedBehind = message;
    // Another replica may know better than one that is in an epoch left long ago.
    return code === "EPOCH_WENT_BACK" ? { kind: "resync" } : undefined;
  }

  #current(): void {
    this.#reportedBehind = undefined;
    this.#confirmed = true;
    this.#options.contact.heard();
    this.#options.onContact();
  }

  #applied(): void {
    const { at } = this.#options.holder;
    if (at !== undefined) this.#receipts.holds(at);
  }

  #changed({ flags, drifted }: Extract<Verdict, { kind: "changed" }>, urgent: Basis | undefined): void {
    if (drifted !== undefined) this.#report("RESYNC", drifted);
    const revision = this.#options.holder.at?.revision ?? 0;
    this.#options.onChange({ revision, flags, urgent: urgent !== undefined });
  }

  #report(code: string, message: string): void {
    this.#options.onProblem({ code, message });
  }
}

function goodbyeInput({ reason, retryAfterMs: afterMs }: Goodbye): MachineInput {
  return { kind: "goodbye", reason, retryAfterMs: afterMs };
}
