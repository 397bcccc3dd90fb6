/** More suggestions than this don't help anybody choose. */
const SUGGESTIONS_MAX = 3;

/** Longer names are not compared: the work is the product of the lengths. No key is longer than 128. */
const NAME_LENGTH_MAX = 128;

/**
 * The names most like `name`, nearest first, at most three. Letter case counts for nothing; a name is near when it takes at most
 * a third of its letters to mend it (one for the shortest), or when one of the two begins with the other.
 */
export function nearest(name: string, known: Iterable<string>): readonly string[] {
  if (name === "" || name.length > NAME_LENGTH_MAX) return [];
  const asked = name.toLowerCase();
  const limit = Math.max(1, Math.floor(asked.length / 3));
  const found: { readonly name: string; readonly distance: number }[] = [];
  for (const candidate of known) {
    const text = candidate.toLowerCase();
    const isPrefix = asked.length >= 3 && (text.startsWith(asked) || (text.length >= 3 && asked.startsWith(text)));
    // A prefix is as good as the last that is near enough: the user may have typed half of it.
    const distance = Math.min(editDistance(asked, text, limit), isPrefix ? limit : Infinity);
    if (distance <= limit) found.push({ name: candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return found.slice(0, SUGGESTIONS_MAX).map((one) => one.name);
}

/**
 * Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours it takes to make `a` of `b`;
 * Infinity when it is more than `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Infinity;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      row.push(cost);
    }
    if (Math.min(...row) > limit) return Infinity;
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
