/** Who the audit names, as people know them: `token:ab12 (Jane)` is `Jane`. */
export function nameOf(actor: string): string {
  return /^token:\S+ \((.*)\)$/.exec(actor)?.[1] ?? actor;
}
