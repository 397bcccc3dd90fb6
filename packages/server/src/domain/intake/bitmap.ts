/** A set of whole numbers below a limit, one bit each. */
export class Bitmap {
  readonly bytes: Uint8Array;

  constructor(limit: number) {
    this.bytes = new Uint8Array((limit + 7) >>> 3);
  }

  has(member: number): boolean {
    return ((this.bytes[member >>> 3] ?? 0) & (1 << (member & 7))) !== 0;
  }

  /** Whether it was not in before. */
  add(member: number): boolean {
    const before = this.bytes[member >>> 3] ?? 0;
    const after = before | (1 << (member & 7));
    this.bytes[member >>> 3] = after;
    return after !== before;
  }

  clear(): void {
    this.bytes.fill(0);
  }
}
