/** So many of something, for people: `1 user`, `12,345 users`. `many`: what several are called where that is not the noun with an s. */
export function plural(count: number, noun: string, many: string = `${noun}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? noun : many}`;
}
