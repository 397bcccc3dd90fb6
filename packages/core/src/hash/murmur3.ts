export function murmur3(_text: string, _seed: number): number { throw new Error("not written yet"); }
