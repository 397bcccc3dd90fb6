/** A bar of which `share` (0…1) is filled. What it says stands beside it in words. */
export function Bar({
  share,
  tone = "accent",
}: {
  readonly share: number;
  readonly tone?: "accent" | "good" | "warn" | "bad";
}) {
  const width = `${Math.min(100, Math.max(0, share * 100))}%`;
  return (
    <div class={`meter meter-${tone}`} aria-hidden="true">
      <i ref={(filled) => void (filled && (filled.style.width = width))} />
    </div>
  );
}
