import type { CreatedToken, Page, TokenKind, TokenView } from "@rampart/core";
import { useState } from "preact/hooks";
import { call } from "../api/call.ts";
import { refresh, useResource } from "../api/resource.ts";
import { may } from "../api/session.ts";
import { CommandDialog, Dialog } from "../ui/dialog.tsx";
import { useEnvironments } from "../ui/environments.tsx";
import { Empty, Shown } from "../ui/state.tsx";
import { Badge } from "../ui/status.tsx";
import { Ago, In } from "../ui/time.tsx";
import { say } from "../ui/toast.tsx";

const PATH = "/api/v1/tokens?limit=200";

/** Tokens of people, pipelines and SDKs. */
export function TokensPage() {
  const isAdmin = may("tokens:admin", "*");
  const tokens = useResource<Page<TokenView>>(isAdmin ? PATH : undefined);
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<CreatedToken>();
  const [revoking, setRevoking] = useState<TokenView>();
  if (!isAdmin) {
    return (
      <>
        <h1>Tokens</h1>
        <Empty title="Only administrators see tokens" />
      </>
    );
  }
  return (
    <>
      <div class="page-head">
        <div class="stack-tight">
          <h1>Tokens</h1>
          <p class="soft">Whoever calls this server has one: people, pipelines, programs with an SDK.</p>
        </div>
        <button type="button" class="button button-primary" onClick={() => setMaking(true)}>
          New token
        </button>
      </div>
      <div class="card card-table">
        <Shown resource={tokens} lines={6}>
          {({ items }) => <TokenTable tokens={items} onRevoke={setRevoking} />}
        </Shown>
      </div>
      {isMaking ? <NewToken onClose={() => setMaking(false)} onMade={setMade} /> : null}
      {made === undefined ? null : <ShownOnce token={made} onClose={() => setMade(undefined)} />}
      {revoking === undefined ? null : (
        <CommandDialog
          title={`Revoke ${revoking.name}?`}
          verb="Revoke"
          onClose={() => setRevoking(undefined)}
          onConfirm={async () => {
            await call("DELETE", `/api/v1/tokens/${revoking.id}`);
            refresh("/api/v1/tokens");
            say(`${revoking.name} is revoked.`);
          }}
        >
          <p>Whoever uses it is turned away within seconds, and its streams are closed. It can't be undone.</p>
        </CommandDialog>
      )}
    </>
  );
}

function TokenTable({
  tokens,
  onRevoke,
}: {
  readonly tokens: readonly TokenView[];
  readonly onRevoke: (token: TokenView) => void;
}) {
  return (
    <table>
      <thead>
        <tr>
          <th>Name</th>
          <th>Kind</th>
          <th>Environments</th>
          <th>Roles</th>
          <th>Begins with</th>
          <th>Used</th>
          <th>State</th>
          <th>
            <span class="visually-hidden">Commands</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id}>
            <td>{token.name}</td>
            <td>{token.kind}</td>
            <td>{token.environments.includes("*") ? "all" : token.environments.join(", ")}</td>
            <td>{token.roles.join(", ")}</td>
            <td>
              <code class="nowrap">{token.prefix}…</code>
            </td>
            <td class="nowrap">{token.lastUsedAt === undefined ? "never" : <Ago at={token.lastUsedAt} />}</td>
            <td class="nowrap">
              <State token={token} />
            </td>
            <td>
              {token.revokedAt === undefined ? (
                <button type="button" class="button button-small" onClick={() => onRevoke(token)}>
                  Revoke<span class="visually-hidden"> {token.name}</span>
                </button>
              ) : null}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function State({ token }: { readonly token: TokenView }) {
  if (token.revokedAt !== undefined)
    return (
      <Badge tone="neutral" mark="✕">
        revoked
      </Badge>
    );
  if (token.expiresAt === undefined)
    return (
      <Badge tone="good" mark="✓">
        valid
      </Badge>
    );
  return (
    <span>
      ends <In at={token.expiresAt} />
    </span>
  );
}

const KINDS: readonly (readonly [kind: TokenKind, text: string])[] = [
  ["operator", "operator: a person who ramps, approves and kills"],
  ["viewer", "viewer: a person who looks"],
  ["admin", "admin: a person who also manages tokens"],
  ["server", "server: an SDK in a back end"],
  ["client", "client: an SDK in a browser"],
  ["relay", "relay: rampart relay"],
  ["ci", "ci: a pipeline"],
];

function NewToken({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (token: CreatedToken) => void;
}) {
  const environments = useEnvironments();
  const [kind, setKind] = useState<TokenKind>("operator");
  const [name, setName] = useState("");
  const [environment, setEnvironment] = useState("*");
  const [roles, setRoles] = useState("");
  const isKey = kind === "server" || kind === "client" || kind === "relay";
  const bound = isKey && environment === "*" ? (environments[0] ?? "production") : environment;
  return (
    <CommandDialog
      title="New token"
      verb="Make it"
      onClose={onClose}
      onConfirm={async () => {
        const body = {
          kind,
          name: name.trim(),
          environments: [bound],
          roles: roles.split(/[\s,]+/).filter((role) => role !== ""),
        };
        onMade(await call<CreatedToken>("POST", "/api/v1/tokens", { body }));
        refresh("/api/v1/tokens");
      }}
    >
      <label class="field">
        <span class="label">Name</span>
        <input
          class="input"
          value={name}
          placeholder="checkout service"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span class="label">Kind</span>
        <select class="input" value={kind} onChange={(event) => setKind(event.currentTarget.value as TokenKind)}>
          {KINDS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="label">Environment</span>
        <select class="input" value={bound} onChange={(event) => setEnvironment(event.currentTarget.value)}>
          {isKey ? null : <option value="*">all</option>}
          {environments.map((key) => (
            <option key={key} value={key}>
              {key}
            </option>
          ))}
        </select>
      </label>
      {isKey || kind === "ci" ? null : (
        <label class="field">
          <span class="label">Roles, with spaces between</span>
          <input
            class="input"
            value={roles}
            placeholder="engineering-lead"
            onInput={(event) => setRoles(event.currentTarget.value)}
          />
        </label>
      )}
    </CommandDialog>
  );
}

function ShownOnce({ token, onClose }: { readonly token: CreatedToken; readonly onClose: () => void }) {
  return (
    <Dialog title={`${token.name}: copy the token now`} onClose={onClose}>
      <p>It is shown this once. What is stored is only good to recognise it.</p>
      <code class="secret">{token.token}</code>
      <div class="dialog-actions">
        <button
          type="button"
          class="button"
          onClick={() => void navigator.clipboard.writeText(token.token).then(() => say("Copied."))}
        >
          Copy
        </button>
        <button type="button" class="button button-primary" onClick={onClose}>
          Done
        </button>
      </div>
    </Dialog>
  );
}
