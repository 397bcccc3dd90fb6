import { signal } from "@preact/signals";

/** `system`: as the machine is set. */
export type Theme = "system" | "light" | "dark";

const KEY = "rampart.theme";

/** What the reader chose; the system's otherwise. */
export const theme = signal<Theme>(stored());

/** Chooses, and remembers it in this browser. */
export function chooseTheme(chosen: Theme): void {
  theme.value = chosen;
  apply(chosen);
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Storage may be full or forbidden; the choice then holds as long as the page.
  }
}

/** To be called once, before anything is drawn. */
export function applyTheme(): void {
  apply(theme.value);
}

function apply(chosen: Theme): void {
  if (chosen === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

function stored(): Theme {
  try {
    const text = localStorage.getItem(KEY);
    return text === "light" || text === "dark" ? text : "system";
  } catch {
    return "system";
  }
}
