import type { Page } from "@rampart/core";
import { location, setQuery } from "../app/router.ts";
import { useResource } from "../api/resource.ts";

/** An environment, as the list of them has it. */
interface EnvironmentView {
  readonly key: string;
}

/** The environments that whoever is signed in may see. */
export function useEnvironments(): readonly string[] {
  const { data } = useResource<Page<EnvironmentView>>("/api/v1/environments");
  return data?.items.map(({ key }) => key) ?? [];
}

/** The environment that the address names, else production, else the first. Undefined before any is known. */
export function useEnvironment(): string | undefined {
  const environments = useEnvironments();
  const named = location.value.query.get("environment") ?? undefined;
  if (named !== undefined) return named;
  return environments.includes("production") ? "production" : environments[0];
}

/** Chooses the environment that a page is about. */
export function EnvironmentSelect({ chosen }: { readonly chosen: string | undefined }) {
  const environments = useEnvironments();
  const all = chosen === undefined || environments.includes(chosen) ? environments : [chosen, ...environments];
  return (
    <label class="row">
      <span class="label">Environment</span>
      <select
        class="input select"
        value={chosen}
        onChange={(event) => setQuery({ environment: event.currentTarget.value })}
      >
        {all.map((key) => (
          <option key={key} value={key}>
            {key}
          </option>
        ))}
      </select>
    </label>
  );
}
