import { murmur3 } from "../hash/murmur3.ts";

interface Revised { readonly key: string; readonly revision: number }

export function digestOf(flags: Iterable<Revised>, segments: Iterable<Revised>): string {
  let sum = 0;
  for (const flag of flags) sum = (sum + murmur3(`f:${flag.key}`, flag.revision)) | 0;
  for (const segment of segments) sum = (sum + murmur3(`s:${segment.key}`, segment.revision)) | 0;
  return (sum >>> 0).toString(16).padStart(8, "0");
}
