import { useState } from "preact/hooks";

export interface TargetsProps {
  readonly targets: Readonly<Record<string, string>>;
  readonly variants: readonly string[];
  readonly onChange: (targets: Readonly<Record<string, string>>) => void;
}

/** Users that are named one by one, and what they get before any rule. */
export function Targets({ targets, variants, onChange }: TargetsProps) {
  const [id, setId] = useState("");
  const [variant, setVariant] = useState(variants[0] ?? "on");
  const add = (): void => {
    if (id.trim() === "") return;
    onChange({ ...targets, [id.trim()]: variant });
    setId("");
  };
  return (
    <div class="stack-tight">
      {Object.keys(targets).length === 0 ? <p class="soft">Nobody is named.</p> : null}
      <ul class="chips">
        {Object.entries(targets).map(([user, given]) => (
          <li class="chip" key={user}>
            <code>{user}</code> {given}
            <button
              type="button"
              class="button button-plain button-small"
              aria-label={`Remove ${user}`}
              onClick={() => onChange(Object.fromEntries(Object.entries(targets).filter(([other]) => other !== user)))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <div class="row">
        <input
          class="input select"
          value={id}
          placeholder="user id"
          aria-label="User id"
          onInput={(event) => setId(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && add()}
        />
        <select
          class="input select"
          aria-label="What the user gets"
          value={variant}
          onChange={(event) => setVariant(event.currentTarget.value)}
        >
          {variants.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <button type="button" class="button button-small" onClick={add}>
          Add
        </button>
      </div>
    </div>
  );
}
