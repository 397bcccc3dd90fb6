import type { FlagConfigView, FlagView, Page, RolloutSummary } from "@rampart/core";
import type { PageProps } from "../../app/page-props.ts";
import { call } from "../../api/call.ts";
import { refresh, useResource } from "../../api/resource.ts";
import { may } from "../../api/session.ts";
import { EnvironmentSelect, useEnvironment } from "../../ui/environments.tsx";
import { Boundary } from "../../ui/boundary.tsx";
import { HoldButton } from "../../ui/hold-button.tsx";
import { Shown } from "../../ui/state.tsx";
import { isActive, percent, StatusBadge } from "../../ui/status.tsx";
import { attempt, taken } from "../../ui/toast.tsx";
import { FlagState } from "../flags.tsx";
import { Editor } from "./editor.tsx";
import { Evaluations } from "./evaluations.tsx";
import { History } from "./history.tsx";
import { configPath, flagPath } from "./paths.ts";
import { Ramp } from "./ramp.tsx";
import { WhoIsIn } from "./who.tsx";

/** One flag in one environment: what it does, for whom, and the button that takes it away from everybody. */
export function FlagPage({ params }: PageProps) {
  const key = params["key"] ?? "";
  const environment = useEnvironment();
  const flag = useResource<FlagView>(flagPath(key), { on: ["environments"] });
  const config = useResource<FlagConfigView>(environment === undefined ? undefined : configPath(environment, key), {
    on: [`environment:${environment ?? ""}`],
  });
  return (
    <>
      <div class="rollout-head">
        <div class="grow stack-tight">
          <p class="soft">
            <a href="/flags">Flags</a>
            {flag.data?.owner === undefined ? null : ` · ${flag.data.owner}`}
          </p>
          <div class="row">
            <h1>{key}</h1>
            {config.data === undefined ? null : <FlagState enabled={config.data.enabled} />}
          </div>
          {flag.data === undefined || flag.data.description === "" ? null : <p class="soft">{flag.data.description}</p>}
        </div>
        <EnvironmentSelect chosen={environment} />
        {config.data === undefined ? null : <Share config={config.data} />}
        {environment === undefined || !may("flags:kill", environment) ? null : (
          <KillOrRestore flag={key} environment={environment} config={config.data} />
        )}
      </div>
      <Boundary name="The flag">
        <Shown resource={flag} lines={8}>
          {(definition) => (
            <Shown resource={config} lines={8}>
              {(current) => <Whole flag={definition} config={current} />}
            </Shown>
          )}
        </Shown>
      </Boundary>
    </>
  );
}

function Share({ config }: { readonly config: FlagConfigView }) {
  const percentage = percentageOf(config);
  return percentage === undefined ? null : <div class="now">{percent(config.enabled ? percentage : 0)}</div>;
}

function percentageOf({ fallthrough }: FlagConfigView): number | undefined {
  return "percentage" in fallthrough ? fallthrough.percentage : undefined;
}

interface KillProps {
  readonly flag: string;
  readonly environment: string;
  readonly config: FlagConfigView | undefined;
}

function KillOrRestore({ flag, environment, config }: KillProps) {
  const tell = (verb: "kill" | "restore", done: string): void =>
    attempt(
      call<object>("POST", `${configPath(environment, flag)}/${verb}`, { body: { reason: "in the console" } }).finally(
        () => {
          refresh(configPath(environment, flag));
          refresh("/api/v1/flags");
        },
      ),
      taken(flag, done),
      { undone: `${flag} is as it was.` },
    );
  if (config?.enabled === false && may("flags:write", environment)) {
    return (
      <button type="button" class="button" onClick={() => tell("restore", `${flag} is back as it was.`)}>
        Restore
      </button>
    );
  }
  return (
    <HoldButton label="Kill" what={`kill ${flag}`} onConfirm={() => tell("kill", `${flag} is off for everybody.`)} />
  );
}

function Whole({ flag, config }: { readonly flag: FlagView; readonly config: FlagConfigView }) {
  const { environment } = config;
  const percentage = percentageOf(config);
  return (
    <>
      <Managed flag={flag.key} environment={environment} />
      {config.enabled ? null : (
        <p class="notice notice-bad">
          Killed: everybody gets {config.offVariant}, whatever is set here. Restore brings it back as it stands.
        </p>
      )}
      <div class="rollout-columns">
        <div class="stack">
          {percentage === undefined || !config.enabled || !may("flags:ramp", environment) ? null : (
            <Ramp config={config} percentage={percentage} />
          )}
          <Boundary name="The editor">
            <Editor flag={flag} config={config} mayWrite={may("flags:write", environment)} />
          </Boundary>
        </div>
        <div class="stack">
          <Boundary name="The evaluations">
            <Evaluations flag={flag} environment={environment} />
          </Boundary>
          <WhoIsIn flag={flag.key} environment={environment} />
          <Boundary name="The history">
            <History config={config} />
          </Boundary>
          <Facts flag={flag} config={config} />
        </div>
      </div>
    </>
  );
}

function Managed({ flag, environment }: { readonly flag: string; readonly environment: string }) {
  const query = new URLSearchParams({ flag, environment, limit: "1" });
  const { data } = useResource<Page<RolloutSummary>>(`/api/v1/rollouts?${query.toString()}`, { on: ["rollouts"] });
  const rollout = data?.items[0];
  if (rollout === undefined || !isActive(rollout.status)) return null;
  return (
    <div class="notice">
      <div class="grow">
        <StatusBadge status={rollout.status} /> A rollout ramps this flag: {rollout.sentence}
      </div>
      <a class="button button-small" href={`/rollouts/${rollout.id}`}>
        Look
      </a>
    </div>
  );
}

function Facts({ flag, config }: { readonly flag: FlagView; readonly config: FlagConfigView }) {
  return (
    <section class="card card-body stack-tight small soft" aria-label="Facts">
      <p>
        Type {flag.type}, variants{" "}
        <code>
          {Object.entries(flag.variants)
            .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
            .join(", ")}
        </code>
      </p>
      <p>
        Hashed by <code>{config.bucketBy}</code> with the salt <code>{config.salt}</code>
      </p>
      <p>
        Revision {config.revision}
        {config.leaseMs === undefined ? ", no exposure lease" : `, exposure lease ${config.leaseMs / 1000} s`}
        {flag.expectedEnd === undefined ? "" : `, to go by ${flag.expectedEnd}`}
      </p>
    </section>
  );
}
