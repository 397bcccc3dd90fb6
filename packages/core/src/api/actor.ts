/** Who the audit and a rollout's log name, as people know them: `token:ab12 (Jane)` is `Jane`; who has no such name stays as is. */
export function actorName(actor: string): string {
  return /^token:\S+ \((.+)\)$/.exec(actor)?.[1] ?? actor;
}
