import type { Serve } from "@rampart/core";
import { useTyped } from "../../ui/typed.ts";

export interface ServeFieldProps {
  /** What is chosen, for those who don't see where it stands: `Everybody else`. */
  readonly label: string;
  readonly serve: Serve;
  readonly variants: readonly string[];
  readonly isBoolean: boolean;
  readonly onChange: (serve: Serve) => void;
}

const kindOf = (serve: Serve): "variant" | "percentage" | "split" =>
  "variant" in serve ? "variant" : "percentage" in serve ? "percentage" : "split";

/** Chooses what users get: a variant, a share of the on variant, or a split. */
export function ServeField({ label, serve, variants, isBoolean, onChange }: ServeFieldProps) {
  const kind = kindOf(serve);
  const choose = (chosen: string): void => {
    if (chosen === "percentage") onChange({ percentage: 0 });
    else if (chosen === "split")
      onChange({ split: variants.map((variant, index) => ({ variant, percentage: index === 0 ? 100 : 0 })) });
    else onChange({ variant: chosen.slice("variant:".length) });
  };
  return (
    <div class="row serve">
      <select
        class="input select"
        aria-label={`${label}: what they get`}
        value={"variant" in serve ? `variant:${serve.variant}` : kind}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {variants.map((variant) => (
          <option key={variant} value={`variant:${variant}`}>
            {variant}
          </option>
        ))}
        {isBoolean ? <option value="percentage">on for a share</option> : <option value="split">a split</option>}
      </select>
      {"percentage" in serve ? (
        <PercentageField
          label={`${label}: share`}
          percentage={serve.percentage}
          onChange={(percentage) => onChange({ percentage })}
        />
      ) : null}
      {"split" in serve
        ? serve.split.map((share, index) => (
            <PercentageField
              key={share.variant}
              label={`${label}: ${share.variant}`}
              shown={share.variant}
              percentage={share.percentage}
              onChange={(percentage) =>
                onChange({ split: serve.split.map((other, at) => (at === index ? { ...other, percentage } : other)) })
              }
            />
          ))
        : null}
    </div>
  );
}

/** A percentage by slider and by number. */
export function PercentageField({
  label,
  shown,
  percentage,
  onChange,
}: {
  readonly label: string;
  readonly shown?: string;
  readonly percentage: number;
  readonly onChange: (percentage: number) => void;
}) {
  const read = (text: string): void => {
    const value = Number(text);
    if (text !== "" && value >= 0 && value <= 100) onChange(Math.round(value * 1000) / 1000);
  };
  const typed = useTyped(String(percentage), read);
  return (
    <span class="row percentage-field">
      {shown === undefined ? null : <span class="soft">{shown}</span>}
      <input
        type="range"
        min={0}
        max={100}
        step={1}
        value={percentage}
        aria-label={label}
        onInput={(event) => read(event.currentTarget.value)}
      />
      <input
        class="input number-input"
        type="number"
        min={0}
        max={100}
        step={0.001}
        {...typed}
        aria-label={`${label}, percent`}
      />
      %
    </span>
  );
}
