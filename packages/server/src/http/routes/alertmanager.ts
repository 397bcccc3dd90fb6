import type { AlertsResult, ReachedRollout } from "@rampart/core";
import { z } from "@hono/zod-openapi";
import { mapAlert, type IncomingAlert, type MappedAlert } from "../../domain/alerts.ts";
import { canonicalJson } from "../../domain/canonical.ts";
import { kill } from "../../domain/ramp.ts";
import { isOver } from "../../domain/rollout/state.ts";
import type { RolloutRow } from "../../ports/rollout-store.ts";
import { isFor, isForAll, type Grant } from "../grant.ts";
import type { HttpParts } from "../parts.ts";
import { metaOf, publish } from "../parts.ts";
import { json } from "../reply.ts";
import type { Route } from "../route.ts";
import { route } from "../route.ts";
import { alertsResult } from "../schemas-rollouts.ts";
import { reachedBy, SIGNAL_TAG } from "./signals.ts";

/** Hundreds of alerts with all their labels. */
const ALERTS_MAX_BYTES = 1024 * 1024;

/** Where an alert is meant that doesn't say, when its token is good for more than one environment. */
const DEFAULT_ENVIRONMENT = "production";

const labels = z.record(z.string(), z.string());

const payload = z.looseObject({
  version: z.literal("4", { error: 'must be "4", the version that Alertmanager sends' }),
  status: z.enum(["firing", "resolved"]),
  alerts: z.array(
    z.looseObject({ status: z.enum(["firing", "resolved"]), labels, fingerprint: z.string().max(128).optional() }),
  ),
});

type Handled = AlertsResult["alerts"][number];

/** Alertmanager's webhook. */
export function alertmanagerRoute(parts: HttpParts): Route {
  return route(
    { scope: "signals:write", reach: "some" },
    {
      method: "post",
      path: "/api/v1/integrations/alertmanager",
      tag: SIGNAL_TAG,
      summary: "Receive Alertmanager's alerts",
      description: [
        "The webhook's payload, version 4. An alert is meant for the flag in its label `rampart_flag`, or, where there is none, the rollout under way (id, or name of the plan) in `rampart_rollout`, in the environment in `rampart_environment`: else in the only one that the token is good for, else in production.",
        "`rampart_action` says what to do: `rollback`, `pause` or `notify`. Without it `severity` does: `critical` rolls back, `warning` pauses, any other notifies. While an alert that pauses or rolls back is firing, the percentage does not rise.",
        "A flag that no rollout ramps is killed by `rollback`; a token that may send signals may do that. Alerts without our labels are counted, and answered like the others: Alertmanager would send what is refused again and again.",
      ].join("\n\n"),
      lane: "signals",
      bodyMaxBytes: ALERTS_MAX_BYTES,
      body: payload,
      answers: { 200: { description: "What came of each alert", schema: alertsResult } },
    },
    async ({ grant, body }) => {
      const alerts: Handled[] = [];
      for (const { status, labels: own, fingerprint } of body.alerts) {
        const done = await handle(parts, grant, {
          status,
          labels: own,
          fingerprint: fingerprint ?? canonicalJson(own),
        });
        parts.meter.alerted(done.outcome);
        if (done.outcome === "noTarget")
          parts.logger.warn({ alert: done.name, detail: done.detail }, "an alert names nothing that there is");
        alerts.push(done);
      }
      const unmapped = alerts.filter(({ outcome }) => outcome === "unmapped").length;
      return json(200, { alerts, unmapped } satisfies AlertsResult);
    },
  );
}

async function handle(parts: HttpParts, grant: Grant, incoming: IncomingAlert): Promise<Handled> {
  const alert = mapAlert(incoming);
  if (alert === undefined) {
    return {
      name: incoming.labels["alertname"] ?? "alert",
      status: incoming.status,
      outcome: "unmapped",
      rollouts: [],
    };
  }
  const { name, status, action, oddity } = alert;
  if (oddity !== undefined) parts.logger.warn({ alert: name, oddity, action }, "an alert's label is not understood");
  const said = { name, status, action, ...(oddity !== undefined && { detail: oddity }) };
  const environment = environmentOf(grant, alert);
  if (!isFor(grant, environment)) {
    return { ...said, outcome: "noTarget", rollouts: [], detail: `the token is not good for ${environment}` };
  }
  const rollouts = await tell(parts, alert, environment);
  if (rollouts.length > 0) return { ...said, outcome: "told", rollouts };
  return { ...said, ...(await withoutRollout(parts, grant, alert, environment)), rollouts };
}

function environmentOf(grant: Grant, { target }: MappedAlert): string {
  const [only, ...others] = grant.environments;
  const isBound = only !== undefined && others.length === 0 && !isForAll(grant);
  return target.environment ?? (isBound ? only : DEFAULT_ENVIRONMENT);
}

async function tell(
  { runner }: HttpParts,
  alert: MappedAlert,
  environment: string,
): Promise<readonly ReachedRollout[]> {
  const { target, ...fact } = alert;
  const isNamed = (row: RolloutRow): boolean =>
    target.flag === undefined ? target.rollout === row.id || target.rollout === row.planName : target.flag === row.flag;
  const { fingerprint, name, status, action, severity } = fact;
  return reachedBy(
    await runner.tell(
      { kind: "alert", fingerprint, name, status, action, severity },
      ({ row }) => row.environment === environment && !isOver(row.state) && isNamed(row),
    ),
  );
}

/** Nobody ramps the flag: all that can be done is to turn it off. */
async function withoutRollout(
  parts: HttpParts,
  grant: Grant,
  alert: MappedAlert,
  environment: string,
): Promise<Pick<Handled, "outcome" | "detail">> {
  const { flag } = alert.target;
  if (flag === undefined)
    return { outcome: "noTarget", detail: `there is no rollout ${JSON.stringify(alert.target.rollout)} under way` };
  if (alert.action !== "rollback" || alert.status !== "firing")
    return { outcome: "nothing", detail: "no rollout ramps the flag" };
  const meta = metaOf(parts, grant, {
    action: "flag.killed",
    reason: `alert ${alert.name} is firing`,
    urgent: true,
  });
  const written = await parts.store.changeConfig(environment, flag, kill, meta);
  switch (written.kind) {
    case "written":
      await publish(parts, meta.action, environment);
      // A rollout may have begun since it was looked for.
      await parts.runner.flagTouched([environment], flag);
      return { outcome: "killed" };
    case "kept":
      return { outcome: "nothing", detail: "the flag is off already" };
    case "missing":
      return { outcome: "noTarget", detail: `there is no flag ${JSON.stringify(flag)} in ${environment}` };
    case "refused":
      return written.problem;
  }
}
