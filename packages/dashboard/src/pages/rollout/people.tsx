import { actorName } from "@rampart/core";
import type { ChecklistItemView, RolloutCommand, RolloutView } from "@rampart/core";
import { useState } from "preact/hooks";
import { holds, may } from "../../api/session.ts";
import { CommandDialog } from "../../ui/dialog.tsx";
import { Badge, isActive } from "../../ui/status.tsx";
import { Ago } from "../../ui/time.tsx";
import { attempt, say } from "../../ui/toast.tsx";
import { command } from "./commands.ts";

/** What people give: approvals and checklists. */
export function People({ rollout }: { readonly rollout: RolloutView }) {
  const { checklist } = rollout;
  const approvals = rollout.approvals.filter(({ given }) => given.length > 0 || isActive(rollout.status));
  if (approvals.length === 0 && checklist.length === 0) return null;
  return (
    <section class="card" aria-labelledby="people">
      <div class="card-head">
        <h2 id="people">People</h2>
      </div>
      <ul class="needs">
        {approvals.map((approval) => (
          <li key={`${approval.stage} ${approval.role}`}>
            <span class="grow">
              <strong>{approval.role}</strong> opens <strong>{approval.stage}</strong>
              {approval.needed > 1 ? ` (${approval.needed} people)` : ""}
              {approval.given.map(({ by, at }) => (
                <span class="soft" key={by}>
                  {" "}
                  · {actorName(by)}, <Ago at={at} />
                </span>
              ))}
            </span>
            {approval.given.length >= approval.needed ? (
              <Badge tone="good" mark="✓">
                approved
              </Badge>
            ) : approval.isOpen && may("rollouts:approve", rollout.environment) && holds(approval.role) ? (
              <span class="row">
                <button
                  type="button"
                  class="button"
                  onClick={() => tell(rollout, "reject", { role: approval.role }, `${approval.stage} was rejected.`)}
                >
                  Reject
                </button>
                <button
                  type="button"
                  class="button button-primary"
                  onClick={() =>
                    tell(
                      rollout,
                      "approve",
                      { role: approval.role, planDigest: rollout.plan.digest },
                      `${approval.stage} is approved.`,
                    )
                  }
                >
                  Approve {approval.stage}
                </button>
              </span>
            ) : (
              <Badge tone={approval.isOpen ? "warn" : "neutral"} mark={approval.isOpen ? "◆" : "·"}>
                {approval.isOpen ? `waits for ${approval.role}` : "later"}
              </Badge>
            )}
          </li>
        ))}
        {checklist.map((item) => (
          <Item key={item.id} item={item} rollout={rollout} />
        ))}
      </ul>
    </section>
  );
}

function Item({ item, rollout }: { readonly item: ChecklistItemView; readonly rollout: RolloutView }) {
  const mayTick = may("rollouts:write", rollout.environment) && (item.roles.length === 0 || item.roles.some(holds));
  return (
    <li>
      <span class="grow">
        <span aria-hidden="true">{item.ticked === undefined ? "☐" : "☑"}</span> {item.text}
        {item.roles.length === 0 ? null : <span class="soft"> ({item.roles.join(" or ")})</span>}
        {item.run === undefined ? null : (
          <>
            <br />
            <code>{item.run}</code>
          </>
        )}
      </span>
      {item.ticked !== undefined ? (
        <span class="soft small">
          {actorName(item.ticked.by)}, <Ago at={item.ticked.at} />
        </span>
      ) : mayTick ? (
        <button
          type="button"
          class="button button-small"
          onClick={() => tell(rollout, "tick", { item: item.id }, `Ticked: ${item.text}`)}
        >
          Tick<span class="visually-hidden"> {item.text}</span>
        </button>
      ) : null}
    </li>
  );
}

function tell(rollout: RolloutView, name: RolloutCommand, body: object, done: string): void {
  attempt(command(rollout.id, name, body), done);
}

interface Verb {
  readonly command: RolloutCommand;
  readonly verb: string;
  readonly title: string;
  readonly done: string;
}

const VERBS: readonly Verb[] = [
  { command: "start", verb: "Start now", title: "Start now, before its time?", done: "It starts." },
  { command: "pause", verb: "Pause", title: "Hold the percentage where it is?", done: "Paused." },
  { command: "resume", verb: "Resume", title: "Go on from here?", done: "It goes on." },
  { command: "promote", verb: "Promote", title: "Open the next stage, whatever is missing?", done: "Promoted." },
  { command: "acknowledge", verb: "Acknowledge", title: "Say that you look after it?", done: "Acknowledged." },
  { command: "cancel", verb: "Cancel", title: "Give the rollout up before anybody is exposed?", done: "Cancelled." },
];

/** What can be told to a rollout now, beside taking it back. */
export function Verbs({ rollout }: { readonly rollout: RolloutView }) {
  const [asked, ask] = useState<Verb>();
  if (!may("rollouts:write", rollout.environment)) return null;
  const mayDecide = may("rollouts:approve", rollout.environment);
  const possible = VERBS.filter(
    ({ command: name }) =>
      rollout.allowed.includes(name) &&
      (mayDecide || (name !== "promote" && name !== "resume")) &&
      (rollout.escalation !== undefined || name !== "acknowledge"),
  );
  if (possible.length === 0) return null;
  return (
    <div class="row" role="group" aria-label="Commands">
      {possible.map((verb) => (
        <button type="button" class="button" key={verb.command} onClick={() => ask(verb)}>
          {verb.verb}
        </button>
      ))}
      {asked === undefined ? null : (
        <CommandDialog
          title={asked.title}
          verb={asked.verb}
          asksReason
          onClose={() => ask(undefined)}
          onConfirm={async (reason) => {
            await command(rollout.id, asked.command, reason === "" ? {} : { reason });
            say(asked.done);
          }}
        />
      )}
    </div>
  );
}
